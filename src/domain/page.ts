/** Which rows of a list that is in the order of its keys. */
export interface Page<Key = string> {
  /** Only what lies behind this key; null: from the beginning. */
  after: Key | null;
  /** Only what lies before this key. @default null: to the end */
  before?: Key | null;
  /** The last rows rather than the first, and in reverse order. @default false */
  backward?: boolean;
  limit: number;
}

/** Rows of a list that is not read to its end for the sake of a page. */
export interface ScannedPage<Row, Key> {
  rows: Row[];
  /** The page is short, since as many rows as one question may read have been read: go on from here. Null: nothing is left. */
  scannedTo: Key | null;
}
