import { SaxesParser } from 'saxes';
import { StatementError } from './statement-reading.ts';

/** An element with all that is in it. Names are without their namespace prefix. */
export interface XmlElement {
  name: string;
  text: string;
  /** The attribute `Ccy`: the only one that account statements have. */
  currency: string | null;
  children: XmlElement[];
}

/** What is wanted of an XML text. Elements are told as they come; only those that are kept are built, one at a time. */
export interface XmlConsumer {
  /** `keep`: build the element and hand it over as a whole. `pass`: its children are told one by one. */
  onOpen(name: string, parent: string | null): 'keep' | 'pass';
  onClose(name: string): void;
  /** A kept element has ended. `damage` says that it is not to be trusted: the kind of fault. */
  onElement(element: XmlElement, damage: string | null): void;
  /**
   * A part of the kept element has ended; it does not stay in the element, so that a thousand parts need the memory of
   * one.
   */
  onPart(part: XmlElement): void;
}

/** camt needs 15. */
const maxDepth = 60;
/** In one kept element, its parts aside: a payment has some 80. */
const maxElementCount = 5_000;
const maxElementTextLength = 20_000;
const pieceLength = 64 * 1024;
/** Each costs as much time as a thousand characters; who has more of them is no bank. */
const maxFaultCount = 100_000;

/** Faults in characters: the text is taken as it stands, and the structure is sound. */
const faultsInText = /entity|disallowed character\.$|is disallowed in char data/;

/**
 * Reads an XML text from its start to its end, once. Entities other than XML's five are never expanded and a document
 * type declaration is refused, so nothing can grow and nothing is fetched. Gives whether the text was well formed
 * between the kept elements and up to its end.
 */
export function scanXml(text: string, partName: string, consumer: XmlConsumer): { complete: boolean } {
  const parser = new SaxesParser({ xmlns: false, position: false });
  const path: string[] = [];
  const tree = createTree(partName, consumer);
  let complete = true;
  let faultCount = 0;

  parser.on('doctype', () => {
    throw new StatementError('doctype');
  });
  parser.on('error', ({ message }) => {
    faultCount++;
    if (faultsInText.test(message) || tree.damage('malformed_xml')) return;
    complete = false;
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (path.length >= maxDepth) throw new StatementError('too_deep');
    tree.handOver();
    const localName = toLocalName(name);
    const parent = path.at(-1) ?? null;
    path.push(localName);
    if (tree.isOpen() || consumer.onOpen(localName, parent) === 'keep') tree.open(localName, attributes.Ccy ?? null);
  });
  parser.on('text', (piece) => tree.addText(piece));
  parser.on('cdata', (piece) => tree.addText(piece));
  parser.on('closetag', ({ name }) => {
    path.pop();
    tree.handOver();
    if (!tree.close()) consumer.onClose(toLocalName(name));
  });

  for (const piece of piecesOf(text)) {
    parser.write(piece);
    if (faultCount > maxFaultCount) return { complete: false };
  }
  // Before the end is checked, which finds fault with what stays open around the last element and not with the element.
  tree.handOver();
  parser.close();
  tree.cutOff();
  return { complete: complete && path.length === 0 };
}

/** The kept element that is being built, if any. */
function createTree(partName: string, consumer: XmlConsumer) {
  const open: XmlElement[] = [];
  let elementCount = 0;
  let countBeforePart = 0;
  let damage: string | null = null;
  // The parser says only after an element's end that the end did not belong there: an element waits for the next event.
  let ended: XmlElement | null = null;

  return {
    isOpen: () => open.length > 0,

    open(name: string, currency: string | null): void {
      if (open.length === 0) {
        elementCount = 0;
        damage = null;
      }
      const element = { name, text: '', currency, children: [] };
      if (name === partName) countBeforePart = elementCount;
      if (++elementCount > maxElementCount) damage ??= 'too_many_elements';
      else if (name !== partName) open.at(-1)?.children.push(element);
      open.push(element);
    },

    addText(piece: string): void {
      const element = open.at(-1);
      if (!element || element.children.length > 0 || element.text.length >= maxElementTextLength) return;
      element.text += piece;
    },

    /** False when no kept element is open. */
    close(): boolean {
      const element = open.pop();
      if (!element) return false;
      if (open.length === 0) {
        ended = element;
      } else if (element.name === partName) {
        elementCount = countBeforePart;
        consumer.onPart(element);
      }
      return true;
    },

    /** False when no kept element is open or has just ended. */
    damage(kind: string): boolean {
      if (open.length === 0 && !ended) return false;
      damage ??= kind;
      return true;
    },

    handOver(): void {
      if (!ended) return;
      const element = ended;
      ended = null;
      consumer.onElement(element, damage);
    },

    cutOff(): void {
      const element = open[0];
      if (element) consumer.onElement(element, 'cut_off');
    },
  };
}

/**
 * Cut before a tag, where there is one: no entity is cut then. An ampersand that begins no entity, as some banks write
 * it, would swallow all up to the next semicolon.
 */
function* piecesOf(text: string): Generator<string> {
  const mayMend = !text.includes('<![CDATA[');
  for (let start = 0; start < text.length; ) {
    const tag = text.indexOf('<', start + pieceLength);
    const end = Math.min(tag < 0 ? text.length : tag, start + 2 * pieceLength);
    const piece = text.slice(start, end);
    yield mayMend ? piece.replace(/&(?!#?[A-Za-z0-9]{1,31};)/g, '&amp;') : piece;
    start = end;
  }
}

function toLocalName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** The first element at that path of names below. */
export function findElement(from: XmlElement | null, ...names: string[]): XmlElement | null {
  let element = from;
  for (const name of names) element = element?.children.find((child) => child.name === name) ?? null;
  return element;
}

/** The text of the first element at that path; null when there is none. */
export function findText(from: XmlElement | null, ...names: string[]): string | null {
  return findElement(from, ...names)?.text.trim() || null;
}
