/** Of a list that is asked for without `first`. */
export const defaultPageSize = 20;
/** Rows of one page: what one statement reads well below a second. */
export const maximumPageSize = 100;
