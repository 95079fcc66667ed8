import type { Database } from '../../src/storage/database.ts';

/** A file sections/<name>.ts exports this as `section`. See README.md. */
export interface Section {
  /** One line: what is measured. */
  about: string;
  /** Prepares the work. What it opens is closed by `bench.onClose`. */
  open(bench: Bench): Promise<Comparison[]>;
}

/** Contestants that do the same work, one after another, round after round. */
export interface Comparison {
  name: string;
  /** What a round gives, by the name of the figure, with its unit: `{ rate: 'deliveries/s' }`. */
  figures: Record<string, string>;
  contestants: Contestant[];
  targets: Target[];
  /** Measured rounds. @default 5, and 3 with --quick */
  rounds?: number;
  /** Rounds before, whose figures are thrown away. @default 1 */
  warmUps?: number;
}

export interface Contestant {
  name: string;
  /** Does the work once, checks that all of it was done, and gives the figures. */
  measure(): Promise<Record<string, number>>;
}

/** The ratio that counts: `ours` divided by `against`, round by round, and of those the median. */
export interface Target {
  figure: string;
  /** Names of contestants. */
  ours: string;
  against: string;
  /** One of the two; neither: the ratio is only shown. */
  atLeast?: number;
  atMost?: number;
}

/** What a section is given to work with. */
export interface Bench {
  /** Less work and fewer rounds, for a look; figures to be quoted are made without. */
  readonly quick: boolean;
  /** The product's database, empty and migrated: on the bench's PostgreSQL server, else embedded. Closed at the end. */
  openDatabase(): Promise<Database>;
  /** The URL of a new, empty database; null where there is no server. */
  createDatabase(): Promise<string | null>;
  /** Starts helpers/<name>.ts in a process of its own, which ends with the section. */
  startHelper(name: string, options?: object): Promise<Helper>;
  /** A package of test/bench/package.json. Typed by the caller, since the product is checked without these packages. */
  importPeer<T>(name: string): Promise<T>;
  /** Says in the report that something is missing. */
  leaveOut(what: string): void;
  onClose(close: () => Promise<unknown>): void;
}

export interface Helper {
  /** What the helper said when it was ready. */
  ready: Record<string, string>;
  ask<T>(question: unknown): Promise<T>;
  stop(): Promise<void>;
}
