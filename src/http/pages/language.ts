import { englishWords } from './english-words.ts';
import { germanWords } from './german-words.ts';
import type { Words } from './words.ts';

const spoken: Readonly<Record<string, Words>> = { en: englishWords, de: germanWords };

/** The language that the browser likes best among those that the pages speak; English where there is none. */
export function wordsFor(acceptLanguage: string | undefined): Words {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((entry) => {
      const [range = '', ...parameters] = entry.trim().toLowerCase().split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
      return { words: spoken[range.split('-')[0]?.trim() ?? ''], quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ words, quality }) => words !== undefined && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return wanted[0]?.words ?? englishWords;
}
