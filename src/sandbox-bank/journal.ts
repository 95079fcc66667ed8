import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Lines of JSON, appended one by one; what is written is there after a kill, and the last line may be torn. */
export interface Journal {
  append(line: object): void;
  close(): void;
}

export interface JournalOptions {
  /** Made with its folder where it is not there. */
  file: string;
  /** Takes a line that was kept; throwing passes it over. */
  replay(line: Record<string, unknown>): void;
  /** The fewest lines that tell the same. */
  snapshot(): Iterable<object>;
  /** Appended lines after which the file is written anew. @default 200_000 */
  linesPerSnapshot?: number;
}

/** Reads what is there, writes it anew as a snapshot, and appends from then on. */
export function openJournal({ file, replay, snapshot, linesPerSnapshot = 200_000 }: JournalOptions): Journal {
  mkdirSync(dirname(file), { recursive: true });
  for (const text of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    try {
      if (text !== '') replay(JSON.parse(text));
    } catch {
      // The last line of a process that was killed while it wrote.
    }
  }
  let appended = 0;
  let handle: number | null = rewrite();

  function rewrite(): number {
    const draft = `${file}.new`;
    writeFileSync(draft, [...snapshot()].map(toLine).join(''));
    renameSync(draft, file);
    return openSync(file, 'a');
  }

  return {
    append(line) {
      if (handle === null) throw new Error('The journal is closed.');
      writeSync(handle, toLine(line));
      appended += 1;
      if (appended < linesPerSnapshot) return;
      appended = 0;
      closeSync(handle);
      handle = rewrite();
    },
    close() {
      if (handle !== null) closeSync(handle);
      handle = null;
    },
  };
}

function toLine(line: object): string {
  return `${JSON.stringify(line)}\n`;
}
