import { renderAttacks, runAttacks } from './attacks.ts';

// npm run attacks: what attacks with one key cost another one, on a machine that does nothing else; exit code 2 above 3 times.
const figures = await runAttacks(300);
console.log(renderAttacks(figures));
if (figures.some(({ idleMedian, attackedMedian }) => attackedMedian > 3 * idleMedian)) process.exitCode = 2;
