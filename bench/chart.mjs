// A bar chart of a run as SVG, made by hand: per case one bar for each client, as a share of the fastest.
// node bench/chart.mjs figures.json chart.svg

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { OURS } from "./clients.mjs";

const WIDTH = 760;
const LABEL = 150;
const BAR = 16;
const GAP = 4;
const FIGURE = 110;
const COLORS = { [OURS]: "#2563eb", bun: "#d97706" };
const OTHER = "#94a3b8";

export function chart(report) {
  const parts = [];
  let y = 10;
  for (const { title, clients } of report.cases) {
    const measured = Object.entries(clients).filter(([, summary]) => !summary.error);
    if (measured.length === 0) continue;
    y += 24;
    parts.push(text(10, y, title, 'font-weight="600"'));
    y += 8;
    const fastest = Math.max(...measured.map(([, { best }]) => best));
    for (const [name, { best }] of measured) {
      const length = Math.max(1, (best / fastest) * (WIDTH - LABEL - FIGURE));
      parts.push(
        text(LABEL - 8, y + BAR - 4, name, 'text-anchor="end"'),
        `<rect x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2" fill="${COLORS[name] ?? OTHER}"/>`,
        text(LABEL + length + 6, y + BAR - 4, `${Math.round(best).toLocaleString("en-US")} op/s`),
      );
      y += BAR + GAP;
    }
  }
  const height = y + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
    ' font-family="system-ui, sans-serif" font-size="12" fill="#334155">',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function text(x, y, content, attributes = "") {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${Number(x).toFixed(1)}" y="${y}" ${attributes}>${escaped}</text>`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [figures, output] = process.argv.slice(2);
  writeFileSync(output, chart(JSON.parse(readFileSync(figures, "utf8"))));
}
