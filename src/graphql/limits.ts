/** Of a list that is asked for without `first`. */
export const defaultPageSize = 20;

/** Rows of one page: what one statement reads in well below a second. */
export const maximumPageSize = 100;

/** Of changes of transactions, and of the lists in events: they come in thousands, and their readers want all of them. */
export const changePage = { defaultFirst: 100, maximumFirst: 500 } as const;

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

/**
 * Of a document, before it is validated. GraphQL.js compares fields of one name pair by pair; within these limits that takes 1.7 ms
 * at most and about as long as all its other rules, where 490 times the same field took 100: test/security/validation.test.ts
 * looks for the dearest. A linear algorithm would be ours to keep; one is under way in GraphQL.js itself. Of what is known to be
 * sent, the introspection of GraphiQL has the most fields, 453, and all fields of all events the most pairs, 75.
 */
export const documentLimits = {
  operations: 20,
  fragments: 100,
  /** Each use of a fragment counted. */
  fields: 5000,
  /** Of fields with one name at one place of the answer, and of fragments there: they are compared each with each. */
  pairs: 5000,
  /** Told at once: looking for what might have been meant is the dearest part of a fault. */
  faults: 20,
} as const;

/** What a list without `first` is priced as: logins of a user, accounts of a login. */
export const assumedListLength = 5;

/**
 * What a synchronization is taken to have changed in one account, as the extension `listLength` of these fields: the first one
 * brings some months, those that follow a few rows; what is pending is booked, or withdrawn, some days later.
 */
export const assumedChanges = { newTransactions: 20, updatedTransactions: 5, removedTransactionIds: 5 } as const;

/**
 * Rows of lists in events that one answer has, whatever was assumed: by then they are counted. Beyond it lists are cut, and say so.
 * With all their fields, some 5 MB.
 */
export const eventRowsPerAnswer = 5_000;

/**
 * What a search of an account's transactions is priced beside its page, as the extension `searchCost` of the field: it reads the
 * account's rows, some thousand, until the page is full.
 */
export const accountSearchCost = 1000;

/** What a list across users or accounts is priced beside its page where rows must be read to know whether they fit: some thousand. */
export const scanCost = 1000;

/** Accounts that one question may name. */
export const maximumAccountIds = 100;

/** Of variables: the deepest input of the schema has three levels. */
export const variablesDepth = 32;

export const bodyLimitBytes = 1024 * 1024;

/** WebSockets and event streams per key: what a fleet of processes of one client opens. */
export const liveConnectionsPerKey = 100;

export const subscriptionsPerSocket = 100;

/** Over all sockets and event streams of a client in one process: each waits in memory, and is sent every event. */
export const subscriptionsPerClient = 1000;

/**
 * Different subscriptions (by document or variables) of a client to the events of the same user, the same login, or all: each
 * of them is executed for an event. Equal ones are executed once, however many there are.
 */
export const differentSubscriptions = 20;

/** Requests of a client that a process has taken and not yet answered, bodies half sent among them. */
export const openRequestsPerClient = 300;
