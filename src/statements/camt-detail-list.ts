import { type CamtDetail, toCamtDetail } from './camt-detail.ts';
import type { XmlElement } from './xml-scan.ts';

/** A batch of more is one row: no account shows its owner more payments behind one entry. */
const maxDetailCount = 50_000;

/** The details of one entry, to be gone through as often as needed. */
export interface CamtDetails extends Iterable<CamtDetail> {
  readonly length: number;
}

/**
 * Keeps details as JSON, which is shorter than what was read: a file may be one entry with all its payments as details.
 */
export function createDetailList() {
  let packed: string[] = [];
  return {
    clear(): void {
      packed = [];
    },

    add(element: XmlElement): void {
      if (packed.length <= maxDetailCount) packed.push(JSON.stringify(toCamtDetail(element)));
    },

    /** None of a batch that is too large. */
    take(): CamtDetails {
      const details = packed.length > maxDetailCount ? [] : packed;
      packed = [];
      return {
        length: details.length,
        *[Symbol.iterator](): Generator<CamtDetail> {
          for (const detail of details) yield JSON.parse(detail);
        },
      };
    },
  };
}
