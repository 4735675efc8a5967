(() => {
  const rgb = colour => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const behind = element => { for (let at = element; at; at = at.parentElement) { const colour = rgb(getComputedStyle(at).backgroundColor); if (colour.length < 4 || colour[3] > 0) return colour; } return [255, 255, 255]; };
  const wrong = new Set();
  for (const element of document.querySelectorAll('h1,h2,h3,p,li,dt,dd,th,td,caption,figcaption,summary,a,svg text')) {
    const style = getComputedStyle(element);
    const ink = rgb(element.tagName === 'text' ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) wrong.add(`${element.tagName}.${element.getAttribute('class')} ${ink}`);
  }
  return [...wrong];
})()
