/** Whether `npm run test:all` runs: everything is tried then, and else a slice that another seed changes. */
export const isAll = Boolean(process.env.SE_RETROFIT_TEST_ALL);
