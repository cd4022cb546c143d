/** The grid: a row for each domain, in the same random styles, or in the chosen one. */

import { find } from "./elements.js";
import { sheet, show } from "./images.js";

const COLUMNS = 6;
let newest = 0;

/** Ends the grid that is being drawn, and takes the tiles away. */
export function removeGrid() {
  newest++;
  find("#tiles").replaceChildren();
  find("#save-grid").hidden = true;
}

/**
 * Draws the grid, tile by tile.
 *
 * Takes the model, what is chosen, and what is called with the changes of a tile that is pressed.
 * Gives the whole as one canvas, with the source in front of each row; undefined if it was removed.
 */
export async function drawGrid(model, wish, onPick) {
  removeGrid();
  const mine = newest;
  const columns = columnsOf(model, wish);
  const tiles = find("#tiles");
  tiles.style.setProperty("--columns", columns.length);
  const rows = [];
  for (const [domain, name] of model.domains.entries()) {
    tiles.append(domainName(name));
    const row = [wish.image];
    for (const [number, style] of columns.entries()) {
      const changes = { ...style, domain, label: oneHot(model, domain) };
      const drawn = await model.translate(style.mode, { ...wish, ...changes }).catch((error) => {
        if (mine === newest) throw error;
      });
      if (mine !== newest) return undefined;
      row.push(drawn.image);
      tiles.append(tile(drawn.image, `${name}, style ${number + 1}`, () => onPick(changes)));
    }
    rows.push(row);
  }
  return sheet(rows, model.side);
}

/** The styles across the grid. */
function columnsOf(model, { mode }) {
  if (!model.modes.includes("random")) return [{ mode }];
  return Array.from({ length: COLUMNS }, () => ({ mode: "random", latent: model.randomLatent() }));
}

function oneHot(model, domain) {
  return model.domains.map((_, index) => Number(index === domain));
}

function domainName(textContent) {
  return Object.assign(document.createElement("span"), { className: "domain", textContent });
}

function tile(image, words, onClick) {
  const canvas = document.createElement("canvas");
  show(canvas, image);
  const button = Object.assign(document.createElement("button"), { type: "button", title: words });
  button.setAttribute("aria-label", words);
  button.append(canvas);
  button.addEventListener("click", onClick);
  return button;
}
