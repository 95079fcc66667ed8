/** Of a list that is asked for without `first`. */
export const defaultPageSize = 20;

/** Rows of one page: what one statement reads in well below a second. */
export const maximumPageSize = 100;

export const operationLimits = {
  /** Of a document: the longest that a person writes has some 500; parsing more is work for nothing. */
  tokens: 2000,
  /** Levels of fields: from a user down to the amount of a transaction's account's balance is nine. */
  depth: 12,
  /** In the whole operation, each use of a fragment counted: what a batch of mutations may take. */
  aliases: 50,
  /** Objects in the answer, by the sizes asked for: a page of 20 events with everything in them is some 86,000. */
  cost: 100_000,
} as const;

/** What a list without `first` is priced as: logins of a user, accounts of a login. */
export const assumedListLength = 5;

/**
 * What a synchronization is taken to have changed in one account, as the extension `listLength` of these fields: the first one
 * brings some months, those that follow a few rows; what is pending is booked, or withdrawn, some days later.
 */
export const assumedChanges = { newTransactions: 20, updatedTransactions: 5, removedTransactionIds: 5 } as const;

/**
 * What a search of an account's transactions is priced beside its page, as the extension `searchCost` of the field: it reads the
 * account's rows, some thousand, until the page is full.
 */
export const accountSearchCost = 1000;

export const bodyLimitBytes = 1024 * 1024;

/** WebSockets and event streams per key: what a fleet of processes of one client opens. */
export const liveConnectionsPerKey = 100;

export const subscriptionsPerSocket = 100;
