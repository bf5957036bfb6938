// Names and roles that the theme leaves out, for people who do not see the page or do not use a mouse.
document.addEventListener("DOMContentLoaded", () => {
  const each = (selector, change) => document.querySelectorAll(selector).forEach(change);
  each("summary:has(.toctree-toggle)", (summary) => summary.setAttribute("aria-label", "Show or hide the pages below"));
  each(".search-button-field", (button) => button.removeAttribute("aria-label"));
  each(".sphx-glr-thumbcontainer a", (link) => link.setAttribute("aria-label", link.textContent.trim()));
  each(".citation-list > *", (entry) => entry.setAttribute("role", "listitem"));
  each("article table, article pre, article .cell_output > div", (block) => {
    if (block.scrollWidth > block.clientWidth && getComputedStyle(block).overflowX !== "visible") block.tabIndex = 0;
  });
});
