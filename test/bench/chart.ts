import { type BenchReport, toLimit } from './report.ts';

const rowHeight = 26;
const labelWidth = 470;
const barWidth = 360;
/** Where a ratio stands that is just reached. */
const goal = 0.5;

/** Every ratio with a limit as a bar; beyond the line it is reached. */
export function toChart({ at, database, sections }: BenchReport): string {
  const bars = sections.flatMap(({ name, comparisons }) =>
    comparisons.flatMap((comparison) =>
      comparison.ratios
        .filter(({ reached }) => reached !== null)
        .map((ratio) => ({
          label: `${name}, ${comparison.name}: ${ratio.ours} / ${ratio.against}, ${ratio.figure}`,
          ...ratio,
        })),
    ),
  );
  const height = 60 + bars.length * rowHeight;
  const rows = bars.map(({ label, ratio, reached, atLeast, atMost }, index) => {
    const share = atLeast !== undefined ? ratio / atLeast : (atMost ?? 1) / ratio;
    const width = Math.min(1, share * goal) * barWidth;
    const y = 50 + index * rowHeight;
    return `<text x="${labelWidth - 8}" y="${y + 13}" text-anchor="end">${toXml(label)}</text>
<rect x="${labelWidth}" y="${y}" width="${width.toFixed(1)}" height="18" fill="${reached ? '#2a7f62' : '#c1502e'}"/>
<text x="${labelWidth + barWidth + 10}" y="${y + 13}">${ratio.toFixed(2)} (${toXml(toLimit({ ...(atLeast !== undefined && { atLeast }), ...(atMost !== undefined && { atMost }) }))})</text>`;
  });
  const line = labelWidth + barWidth * goal;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${labelWidth + barWidth + 130}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="20" font-size="14">Ratios, as part of what is to be reached (the line). ${toXml(database)}, ${at.slice(0, 10)}</text>
${rows.join('\n')}
<line x1="${line}" x2="${line}" y1="36" y2="${height - 8}" stroke="#333"/>
</svg>
`;
}

function toXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
