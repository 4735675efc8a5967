(() => {
  const wrong = [];
  document.querySelectorAll('details').forEach(details => details.open = true);
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) wrong.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const name = element => `${element.tagName} "${element.textContent.slice(0, 40)}"`;
  for (const element of document.querySelectorAll('h1,h2,h3,p,li,dt,dd,th,td,caption,figcaption,summary,a,code')) {
    const box = element.getBoundingClientRect();
    const hidden = element.closest('thead') && getComputedStyle(element.closest('thead')).position === 'absolute';
    if (hidden) continue;
    if (box.left < -0.5 || box.right > width + 0.5) wrong.push(`${name(element)} leaves the page`);
    if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline') wrong.push(`${name(element)} is wider than its box`);
  }
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    const names = [];
    for (const text of svg.querySelectorAll('text')) {
      const box = text.getBoundingClientRect();
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) wrong.push(`${name(text)} leaves its figure`);
      if (width > 400) for (const [other, seen] of names) {
        const across = Math.min(box.right, seen.right) - Math.max(box.left, seen.left);
        const down = Math.min(box.bottom, seen.bottom) - Math.max(box.top, seen.top);
        if (across > 1 && down > 0.35 * Math.min(box.height, seen.height)) wrong.push(`${name(text)} lies on ${name(other)}`);
      }
      names.push([text, box]);
    }
    if (!svg.querySelector('title') || svg.querySelector('title').textContent.length < 40) wrong.push('a figure has no text alternative');
  }
  for (const image of document.images) if (!image.complete || !image.naturalWidth) wrong.push(`${image.src} is missing`);
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id occurs twice');
  for (const link of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(link.hash.slice(1))) wrong.push(`${link.hash} leads nowhere`);
  return wrong;
})()
