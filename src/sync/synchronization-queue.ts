/** Where the lanes' tasks wait: jobs/ implements it with Agenda. Losing a task costs nothing but time: the ledger knows what is due. */
export interface SynchronizationQueue {
  /** Has somebody work on the lane, soon. A second task for the same lane does no harm: it finds the lane held and ends. */
  enqueueLane(cycleId: string, lane: number): Promise<void>;
}
