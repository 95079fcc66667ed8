/**
 * To be run in the browser: texts whose contrast to what is behind them is below 4.5 : 1 (WCAG 2.2, 1.4.3), in words that name them.
 */
export const findFaintTexts = `(() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.a > 0) return colour;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join('');
    if (!own && element.tagName !== 'INPUT') continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(background(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faint.push(own.slice(0, 40) + ': ' + contrast.toFixed(2));
  }
  return faint;
})()`;

const nameOf = `(element) => {
  const label = element.getAttribute('aria-label') ?? [...(element.labels ?? [])].map((one) => one.textContent.trim()).join(' ');
  return label || element.textContent.trim();
}`;

/** The names of what the Tab key should stop at, in the order of the page; of radio buttons only the chosen one. */
export const listFocusStops = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea')]
  .filter((element) => element.type !== 'radio' || element.checked).map(${nameOf})`;

/** What has the focus now. */
export const describeFocus = `({ name: (${nameOf})(document.activeElement), outline: getComputedStyle(document.activeElement).outlineStyle })`;
