export interface InterruptibleSleep {
  /** Sleeps so long, or until woken; not at all when woken since the last sleep. For one sleeper. */
  sleep(ms: number): Promise<void>;
  wake(): void;
}

export function createInterruptibleSleep(): InterruptibleSleep {
  let isWoken = false;
  let end: (() => void) | null = null;
  return {
    async sleep(ms) {
      if (!isWoken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        end = null;
      }
      isWoken = false;
    },
    wake() {
      isWoken = true;
      end?.();
    },
  };
}
