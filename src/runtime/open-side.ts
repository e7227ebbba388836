/** Side to which images are scaled where the model leaves it open: most networks were trained with it. */
export const OPEN_SIDE = 224;
