/** Types of the messages in an object's header, by HDF5's numbers. */
export const NOTHING = 0x0000;
export const DATASPACE = 0x0001;
export const LINK_INFO = 0x0002;
export const DATATYPE = 0x0003;
export const OLD_FILL_VALUE = 0x0004;
export const FILL_VALUE = 0x0005;
export const LINK = 0x0006;
export const EXTERNAL_FILES = 0x0007;
export const LAYOUT = 0x0008;
export const FILTERS = 0x000b;
export const ATTRIBUTE = 0x000c;
export const CONTINUATION = 0x0010;
export const SYMBOL_TABLE = 0x0011;
export const ATTRIBUTE_INFO = 0x0015;
/** Higher numbers are of messages that came later. */
export const LAST_KNOWN = 0x0018;
