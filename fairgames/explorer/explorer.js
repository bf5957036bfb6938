// A fair game that moves: costs in, payments, stable choices and the platform's best alpha out.
//
// The first half is the mathematics of `fairgames` on counts of identical users, the second half draws it.
// A row is a user, or an entry of identical ones; a state says how many of each row are at each level.

const RELATIVE = 1e-10;
const ROUNDING = 64 * 2 ** -52;
const ANNOUNCED_LOSS = 1e-4;
const LEAST_SHOWN = 40;

// ---------------------------------------------------------------------------------------------- mathematics

const near = (part, ...values) => part * Math.max(...values.map(Math.abs));
const apart = (left, right) => (Math.abs(left - right) > near(ROUNDING, left, right) ? left - right : 0);

/** How `size` users may be spread over `levels` levels: all absent first, as sorted lists of levels are. */
export function spreads(size, levels) {
  const found = [];
  const grow = (counts, level, left) => {
    if (level === levels - 1) found.push([...counts, left]);
    else for (let here = left; here >= 0; here -= 1) grow([...counts, here], level + 1, left - here);
  };
  grow([], 0, size);
  return found;
}

/** The states of a game, its utility U, the potential P whose differences are the fair payments, and all moves. */
export function game(sizes, levels, U) {
  const rows = sizes.map((size, row) => {
    const counts = spreads(size, levels[row]);
    const place = new Map(counts.map((spread, index) => [spread.join(), index]));
    const moves = counts.map((spread) =>
      spread.map((here, from) =>
        spread.map((_, to) => {
          if (here === 0 || from === to) return -1;
          const moved = [...spread];
          moved[from] -= 1;
          moved[to] += 1;
          return place.get(moved.join());
        }),
      ),
    );
    return { size, levels: levels[row], counts, moves };
  });
  let stride = 1;
  for (let row = rows.length - 1; row >= 0; row -= 1) {
    rows[row].stride = stride;
    stride *= rows[row].counts.length;
  }
  if (U.length !== stride) throw new Error(`utility must have ${stride} values, got ${U.length}`);
  const P = new Float64Array(stride);
  const largest = new Float64Array(stride);
  const at = odometer(rows);
  for (let state = 0; state < stride; state += 1) {
    let present = 0;
    let before = 0;
    let most = Math.abs(U[state]);
    for (let row = 0; row < rows.length; row += 1) {
      const { counts, moves, stride: step } = rows[row];
      const here = at.index[row];
      for (let level = 1; level < counts[here].length; level += 1) {
        const many = counts[here][level];
        if (many === 0) continue;
        const without = state + (moves[here][level][0] - here) * step;
        present += many;
        before += many * P[without];
        most = Math.max(most, largest[without]);
      }
    }
    P[state] = present === 0 ? 0 : (U[state] + before) / present;
    largest[state] = most;
    at.next();
  }
  return { rows, U, P, largest, states: stride };
}

/** Index of each row's spread, which `next` moves on to those of the next state. */
function odometer(rows) {
  const index = new Int32Array(rows.length);
  const lengths = Int32Array.from(rows, ({ counts }) => counts.length);
  return {
    index,
    next() {
      for (let row = rows.length - 1; row >= 0; row -= 1) {
        index[row] += 1;
        if (index[row] < lengths[row]) return;
        index[row] = 0;
      }
    },
  };
}

/** Counts of each row at a state. */
export function countsAt(model, state) {
  return model.rows.map(({ counts, stride }) => counts[Math.floor(state / stride) % counts.length]);
}

/** Every state that is stable at some alpha of [0, 1]: ends of its interval (`payment_intervals`). */
export function stable(model, costs, margin = 0) {
  const { rows, P, largest, states } = model;
  const at = odometer(rows);
  const moves = rows.map((row, place) => movesOf(row, costs[place], margin));
  const found = { state: [], lo: [], hi: [] };
  for (let state = 0; state < states; state += 1, at.next()) {
    let lo = 0;
    let hi = 1;
    let holds = true;
    const paid = P[state];
    const size = largest[state];
    for (let row = 0; row < rows.length && holds; row += 1) {
      const here = moves[row][at.index[row]];
      if (here === null) {
        holds = false;
        break;
      }
      const { jumps, needs } = here;
      for (let move = 0; move < jumps.length; move += 1) {
        const there = state + jumps[move];
        const gain = paid - P[there];
        const need = needs[move];
        const slack = RELATIVE * (size > largest[there] ? size : largest[there]);
        if (need > 0) {
          if (gain <= slack) {
            holds = false;
            break;
          }
          if (need > lo * gain) lo = need / gain;
        } else if (gain < -slack && need > hi * gain) hi = need / gain;
      }
    }
    if (!holds || !(lo * (1 - RELATIVE) <= hi)) continue;
    if (lo > hi) lo = hi = Math.min(Math.max(hi, 0), 1);
    found.state.push(state);
    found.lo.push(lo);
    found.hi.push(hi);
  }
  return found;
}

/** Of each spread of a row: how far its moves lie among the states, and what each of them must be made up for. */
function movesOf({ counts, moves, stride }, costs, margin) {
  return counts.map((spread, here) => {
    const jumps = [];
    const needs = [];
    for (const [from, many] of spread.entries()) {
      if (many === 0) continue;
      if (!Number.isFinite(costs[from])) return null;
      for (const [to, cost] of costs.entries()) {
        if (to === from || !Number.isFinite(cost)) continue;
        jumps.push((moves[here][from][to] - here) * stride);
        needs.push(apart(apart(costs[from], cost), -margin));
      }
    }
    return { jumps: Int32Array.from(jumps), needs: Float64Array.from(needs) };
  });
}

/** What the platform's constraints leave of each interval, with the alpha at which it keeps most, and how much. */
export function within(model, found, limits) {
  const { budget = null, least = null, range = [0, 1] } = limits;
  const kept = [];
  for (let one = 0; one < found.state.length; one += 1) {
    const worth = model.U[found.state[one]];
    let lo = Math.max(found.lo[one], range[0]);
    let hi = Math.min(found.hi[one], range[1]);
    if (budget !== null && worth > 0) hi = Math.min(hi, budget / worth);
    if (!(lo <= hi + near(RELATIVE, lo, hi))) continue;
    if (least !== null && !(least - near(RELATIVE, worth, least) <= worth)) continue;
    lo = Math.min(lo, hi);
    const alpha = worth >= 0 ? lo : hi;
    kept.push({ state: found.state[one], lo, hi, worth, alpha, value: (1 - alpha) * worth });
  }
  return kept;
}

/** The stable choice that leaves the platform most; among equals the smallest alpha, then the first state. */
export function best(kept) {
  if (kept.length === 0) return null;
  const top = kept.reduce((left, right) => (right.value > left.value ? right : left));
  const tops = kept.filter(
    (one) => one.value >= top.value - near(RELATIVE, one.value, top.value) - near(ROUNDING, one.worth, top.worth),
  );
  const earliest = Math.min(...tops.map((one) => one.alpha));
  return tops.find((one) => one.alpha <= earliest + near(RELATIVE, earliest));
}

/** Stable choices at one alpha, the best for the platform first. */
export function settledAt(kept, alpha) {
  const here = kept.filter(
    (one) => one.lo - near(RELATIVE, one.lo, alpha) <= alpha && alpha <= one.hi + near(RELATIVE, one.hi, alpha),
  );
  return here.sort((left, right) => right.worth - left.worth || left.state - right.state);
}

/** Ends of intervals in order, those that rounding alone tells apart as one; and the slots, ends and ranges between. */
function slotsOf(kept) {
  const sorted = kept.flatMap((one) => [one.lo, one.hi]).sort((left, right) => left - right);
  const ends = sorted.filter((end, index) => index === 0 || end - sorted[index - 1] > near(RELATIVE, end, sorted[index - 1]));
  const slot = (alpha) => {
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (ends[middle] <= alpha) low = middle;
      else high = middle - 1;
    }
    return 2 * low;
  };
  return { ends, slot };
}

/** Of the choices in this order, the first one that reaches each slot. */
function painted({ ends, slot }, order) {
  // Each slot is painted once; taken ones point on to the next that is free.
  const next = Int32Array.from({ length: 2 * ends.length + 1 }, (_, index) => index);
  const free = (from) => {
    let found = from;
    while (next[found] !== found) found = next[found] = next[next[found]];
    return found;
  };
  const chosen = new Array(Math.max(2 * ends.length - 1, 0)).fill(null);
  for (const one of order) {
    for (let at = free(slot(one.lo)); at <= slot(one.hi); at = free(at)) {
      chosen[at] = one;
      next[at] = at + 1;
    }
  }
  return chosen;
}

/** Runs of slots with the same choice, as pieces of the value over alpha. */
function joined({ ends }, chosen) {
  const pieces = [];
  for (const [slot, one] of chosen.entries()) {
    const [from, to, point] = [ends[slot >> 1], ends[(slot + 1) >> 1], slot % 2 === 0];
    const last = pieces.at(-1);
    if (one === null) continue;
    if (last && last.one === one && last.slot === slot - 1) Object.assign(last, { to, closedTo: point, slot });
    else pieces.push({ from, to, closedFrom: point, closedTo: point, one, slot });
  }
  return pieces;
}

const byWorth = (kept, sign) => [...kept].sort((left, right) => sign * (right.worth - left.worth) || left.state - right.state);

/** The best stable choice at every alpha: pieces in order. */
export function landscape(kept) {
  const slots = slotsOf(kept);
  return joined(slots, painted(slots, byWorth(kept, 1)));
}

/** The worst stable choice at every alpha at which all of them meet the constraints. */
export function floors(model, found, limits) {
  const { budget = null, least = null, range = [0, 1] } = limits;
  const all = within(model, found, {});
  const slots = slotsOf(all);
  const lowest = painted(slots, byWorth(all, -1));
  const richest = painted(slots, byWorth(all, 1));
  const pieces = [];
  lowest.forEach((one, slot) => {
    if (one === null || (least !== null && one.worth < least - near(RELATIVE, least))) return;
    const [start, stop, point] = [slots.ends[slot >> 1], slots.ends[(slot + 1) >> 1], slot % 2 === 0];
    const most = richest[slot].worth;
    const cap = budget !== null && most > 0 ? Math.min(range[1], budget / most) : range[1];
    const [from, to] = [Math.max(start, range[0]), Math.min(stop, cap)];
    const open = [from === start && !point, to === stop && !point];
    if (from > to || (from === to && (open[0] || open[1]))) return;
    const last = pieces.at(-1);
    if (last && last.one === one && last.to === from && (last.closedTo || !open[0])) {
      Object.assign(last, { to, closedTo: !open[1] });
    } else pieces.push({ from, to, closedFrom: !open[0], closedTo: !open[1], one });
  });
  return pieces;
}

/** The highest point of pieces: among equals one that is reached, then the smallest alpha, then the first state. */
export function peak(pieces) {
  let top = null;
  for (const { from, to, closedFrom, closedTo, one } of pieces) {
    const points = [[from, closedFrom], [to, closedTo], ...(closedFrom || closedTo ? [] : [[(from + to) / 2, true]])];
    for (const [alpha, reached] of points) {
      const here = { ...one, lo: from, hi: to, closedFrom, closedTo, alpha, value: (1 - alpha) * one.worth, reached };
      if (top === null || beats(here, top)) top = here;
    }
  }
  return top;
}

function beats(left, right) {
  const higher = left.value - right.value;
  if (Math.abs(higher) > near(RELATIVE, left.value, right.value) + near(ROUNDING, left.worth, right.worth)) return higher > 0;
  if (left.reached !== right.reached) return left.reached;
  return left.alpha < right.alpha || (left.alpha === right.alpha && left.state < right.state);
}

/** The stable choices that maximise the users' potential, each where it does. */
export function maximisers(model, costs, found) {
  const at = found.state.map((state) => {
    const counts = countsAt(model, state);
    const cost = counts.reduce((sum, spread, row) => sum + spread.reduce((all, many, level) => all + (many ? many * costs[row][level] : 0), 0), 0);
    return { state, slope: model.P[state], cost };
  });
  const height = (line, alpha) => alpha * line.slope - line.cost;
  const tied = (alpha) => {
    const top = at.reduce((left, right) => (height(right, alpha) > height(left, alpha) ? right : left));
    return at.filter((line) => {
      const slack = near(RELATIVE, alpha * line.slope, alpha * top.slope) + near(ROUNDING, line.cost, top.cost);
      return height(line, alpha) >= height(top, alpha) - slack;
    });
  };
  const steepest = (lines, sign) => lines.reduce((left, right) => (sign * (right.slope - left.slope) > 0 ? right : left));
  const corners = new Set([0, 1]);
  const split = (left, right, lines) => {
    if (right.slope - left.slope <= near(RELATIVE, left.slope, right.slope)) return;
    const crossing = (right.cost - left.cost) / (right.slope - left.slope);
    const above = lines.filter((line) => {
      const slack = near(RELATIVE, crossing * line.slope, crossing * left.slope) + near(ROUNDING, line.cost, left.cost);
      return height(line, crossing) - height(left, crossing) > slack;
    });
    if (above.length === 0) corners.add(Math.min(Math.max(crossing, 0), 1));
    else {
      const middle = above.reduce((one, other) => (height(other, crossing) > height(one, crossing) ? other : one));
      split(left, middle, above);
      split(middle, right, above);
    }
  };
  if (at.length === 0) return { state: [], lo: [], hi: [] };
  split(steepest(tied(0), 1), steepest(tied(1), -1), at);
  const ends = [...corners].sort((left, right) => left - right);
  const result = { state: [], lo: [], hi: [] };
  const add = (line, lo, hi) => {
    result.state.push(line.state);
    result.lo.push(lo);
    result.hi.push(hi);
  };
  ends.forEach((end, index) => {
    const here = tied(end);
    here.forEach((line) => add(line, end, end));
    if (index === 0) return;
    const before = new Set(tied(ends[index - 1]).map((line) => line.state));
    here.filter((line) => before.has(line.state)).forEach((line) => add(line, ends[index - 1], end));
  });
  return result;
}

/** Everything that a page shows of one position: stable choices, pieces of the value over alpha, and the optimum. */
export function solve(model, costs, { selection = "best", margin = 0, ...limits } = {}) {
  const found = stable(model, costs, selection === "worst" ? 0 : margin);
  if (selection === "worst") {
    const pieces = floors(model, found, limits);
    return { found, kept: within(model, found, {}), pieces, optimum: peak(pieces) };
  }
  const kept = within(model, selection === "potential" ? maximisers(model, costs, found) : found, limits);
  const top = best(kept);
  return { found, kept, pieces: landscape(kept), optimum: top && { ...top, closedFrom: true, closedTo: true, reached: true } };
}

/** Shortest decimal inside an interval that costs the platform next to nothing (`Optimum.announced`). */
export function announced(one) {
  const slack = near(one.hi - one.lo > near(RELATIVE, one.lo, one.hi) ? ROUNDING : RELATIVE, one.lo, one.hi);
  for (let digits = 1; digits <= 15; digits += 1) {
    const scale = 10 ** digits;
    const middle = one.alpha * scale;
    const steps = [...new Set([Math.floor(middle), Math.floor(middle) + 1, Math.ceil(middle) - 1, Math.round(middle)])];
    steps.sort((left, right) => Math.abs(left - middle) - Math.abs(right - middle));
    for (const step of steps) {
      const text = (step / scale).toFixed(digits);
      const alpha = Number(text);
      if (alpha < one.lo - slack || alpha > one.hi + slack) continue;
      if (one.value - (1 - alpha) * one.worth <= ANNOUNCED_LOSS * Math.abs(one.value)) {
        return { alpha, text: text.replace(/\.?0+$/, "") || "0" };
      }
    }
  }
  return { alpha: one.alpha, text: String(one.alpha) };
}

/** What each row's users are paid at alpha = 1, by level; null where nobody is. */
export function payments(model, state) {
  const { rows, P } = model;
  return rows.map(({ counts, moves, stride }) => {
    const here = Math.floor(state / stride) % counts.length;
    return counts[here].map((many, level) => {
      if (many === 0) return null;
      return level === 0 ? 0 : P[state] - P[state + (moves[here][level][0] - here) * stride];
    });
  });
}

/** The move that is only just not worth its while at the low end of an interval: whose cost sets alpha. */
export function binding(model, costs, one, margin = 0) {
  if (one.alpha <= 0) return null;
  let found = null;
  const at = countsAt(model, one.state);
  model.rows.forEach(({ counts, moves, stride }, row) => {
    const here = Math.floor(one.state / stride) % counts.length;
    at[row].forEach((many, from) => {
      if (many === 0) return;
      at[row].forEach((_, to) => {
        if (from === to || !Number.isFinite(costs[row][to])) return;
        const gain = model.P[one.state] - model.P[one.state + (moves[here][from][to] - here) * stride];
        const need = apart(apart(costs[row][from], costs[row][to]), -margin);
        const end = need / gain;
        if (need > 0 && gain > 0 && (found === null || end > found.end)) found = { row, from, to, end };
      });
    });
  });
  return found !== null && found.end >= one.lo * (1 - 1e-9) ? found : null;
}

/** Range of one cost within which a state stays stable at an alpha, all else equal. */
export function costRange(model, costs, state, alpha, row, level, margin = 0) {
  const { counts, moves, stride } = model.rows[row];
  const here = Math.floor(state / stride) % counts.length;
  let low = 0;
  let high = Infinity;
  for (let other = 0; other < costs[row].length; other += 1) {
    if (other === level || !Number.isFinite(costs[row][other])) continue;
    for (const [from, to] of [[level, other], [other, level]]) {
      if (counts[here][from] === 0) continue;
      const gain = alpha * (model.P[state] - model.P[state + (moves[here][from][to] - here) * stride]);
      if (from === level) high = Math.min(high, gain + costs[row][other] - margin);
      else low = Math.max(low, costs[row][other] - gain + margin);
    }
  }
  return [low, high];
}

/**
 * How dear a level may become for a row before its users change, when the platform moves alpha along; null: no end.
 * Yields between solutions, so that a page may draw meanwhile.
 */
export function* breakingCost(model, costs, options, row, level, most) {
  const at = (cost) => {
    const moved = costs.map((line, place) => (place === row ? line.map((one, here) => (here === level ? cost : one)) : line));
    const { optimum } = solve(model, moved, options);
    return optimum === null ? 0 : countsAt(model, optimum.state)[row][level];
  };
  const now = at(costs[row][level]);
  let [low, high] = [costs[row][level], null];
  for (let step = 1; step <= SCANNED && high === null; step += 1) {
    const cost = costs[row][level] + (most - costs[row][level]) * (step / SCANNED);
    yield;
    if (at(cost) < now) high = cost;
    else low = cost;
  }
  for (let step = 0; step < HALVED && high !== null; step += 1) {
    const middle = (low + high) / 2;
    yield;
    if (at(middle) < now) high = middle;
    else low = middle;
  }
  return high === null ? null : low;
}

const SCANNED = 24;
const HALVED = 20;

// ---------------------------------------------------------------------------------------------- what a scenario says

/** Read a scenario as `fairgames.explorer.page` writes it; throws with what is wrong. */
export function read(scenario) {
  const { rows, levels } = scenario;
  if (!Array.isArray(rows) || rows.length === 0) throw new Error("rows must list at least one user");
  if (!Array.isArray(levels) || levels.length < 2) throw new Error("levels must name at least two levels");
  for (const [place, { name, size, costs }] of rows.entries()) {
    if (typeof name !== "string") throw new Error(`rows[${place}].name must be a text`);
    if (!Number.isInteger(size) || size < 1) throw new Error(`rows[${place}].size must be a whole number of users`);
    const fits = Array.isArray(costs) && costs.length >= 2 && costs.length <= levels.length;
    if (!fits || costs.some((cost) => cost !== null && !(Number.isFinite(cost) && cost >= 0))) {
      throw new Error(`rows[${place}].costs must be a number of at least 0 for each level, or null where forbidden`);
    }
  }
  if (scenario.utility === null) return null;
  const bytes = Uint8Array.from(atob(scenario.utility), (letter) => letter.charCodeAt(0));
  const U = new Float64Array(bytes.buffer);
  if (U.some((worth) => !Number.isFinite(worth))) throw new Error("utility must hold finite numbers only");
  return game(rows.map(({ size }) => size), rows.map(({ costs }) => costs.length), U);
}

const infinite = (costs) => costs.map((cost) => cost ?? Infinity);

/** A specification with the costs and limits of a position in the place of its own. */
export function respecified(spec, levels, costs, limits) {
  let row = 0;
  const line = (row) => row.flatMap((cost, level) => (level ? [`${JSON.stringify(levels[level])} = ${cost === Infinity ? "inf" : cost}`] : []));
  const lines = spec.split("\n").map((text) => (text.startsWith("costs = ") ? `costs = { ${line(costs[row++]).join(", ")} }` : text));
  if (!lines.includes("[platform]")) lines.splice(lines.indexOf("[[users]]"), 0, "[platform]", "");
  const start = lines.indexOf("[platform]") + 1;
  const stop = lines.indexOf("", start);
  const kept = lines.slice(start, stop).filter((text) => !Object.keys(limits).some((name) => text.startsWith(`${name} = `)));
  const own = Object.entries(limits).flatMap(([name, value]) => (value === null ? [] : [`${name} = ${value}`]));
  lines.splice(start, stop - start, ...kept, ...own);
  return lines.join("\n");
}

// ---------------------------------------------------------------------------------------------- the page

const STYLE = `
:host { display: block; font: inherit; color: inherit; container-type: inline-size; }
* { box-sizing: border-box; }
.fx { --line: color-mix(in srgb, currentColor 25%, transparent); --soft: color-mix(in srgb, currentColor 7%, transparent);
  --accent: #2f7fc1; --other: #c8553d; line-height: 1.45; }
h2 { margin: 0 0 .4rem; font-size: 1.3rem; line-height: 1.2; }
p { margin: .4rem 0; }
.answer { font-size: 1.1rem; padding: .7rem .9rem; border-left: .3rem solid var(--accent); background: var(--soft); }
.change { min-height: 1.45em; }
.note { font-size: .92rem; }
.grid { display: grid; gap: 1.2rem; grid-template-columns: minmax(0, 1fr); margin-top: .8rem; }
@container (min-width: 56rem) { .grid { grid-template-columns: minmax(19rem, 5fr) minmax(0, 8fr); } }
fieldset { border: 1px solid var(--line); border-radius: .4rem; margin: 0 0 .6rem; padding: .35rem .7rem .6rem; min-width: 0; }
legend { font-weight: 600; padding: 0 .3rem; overflow-wrap: anywhere; }
.rows { max-height: 34rem; overflow-y: auto; padding-right: .3rem; }
.slide { display: grid; grid-template-columns: minmax(4.5rem, 7rem) minmax(0, 1fr) 5.6rem; gap: .5rem; align-items: center; margin: .3rem 0; }
.slide label { overflow-wrap: anywhere; font-size: .92rem; }
.track { position: relative; padding-bottom: .45rem; }
.track .band { position: absolute; bottom: 0; height: .3rem; border-radius: .15rem; background: var(--accent); }
input[type=range] { width: 100%; margin: 0; accent-color: var(--accent); min-height: 1.5rem; }
input[type=number] { width: 100%; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .3rem; padding: .15rem .3rem; }
.check { display: flex; gap: .4rem; align-items: center; font-size: .92rem; margin: .25rem 0; min-height: 1.5rem; }
.check input { width: 1.1rem; height: 1.1rem; accent-color: var(--accent); }
.asked { font-size: .88rem; min-height: 1.3em; }
button { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: .35rem; padding: .35rem .7rem; min-height: 2rem; cursor: pointer; }
button:hover { border-color: currentColor; }
:focus-visible { outline: .18rem solid var(--accent); outline-offset: .1rem; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; margin: .8rem 0 .3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: right; padding: .2rem .3rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child, .word { text-align: left; overflow-wrap: break-word; }
svg { display: block; width: 100%; height: auto; }
.fault { border-left-color: var(--other); }
`;
const CHART = `
text { font: 13px system-ui, sans-serif; fill: currentColor; } .small { font-size: 12px; } .strong { font-weight: 600; }
.axis { stroke: currentColor; stroke-width: 1; opacity: .55; } .rule { stroke: currentColor; opacity: .14; }
.value { stroke: #2f7fc1; stroke-width: 2.5; stroke-linecap: round; } .jump { stroke: #2f7fc1; opacity: .35; stroke-dasharray: 2 3; }
.bar { stroke: currentColor; opacity: .45; stroke-width: 6; } .chosen { stroke: #2f7fc1; opacity: 1; }
.now { stroke: #c8553d; stroke-width: 1.5; stroke-dasharray: 5 3; } .top { fill: #2f7fc1; } .pinned { fill: none; stroke: #c8553d; stroke-width: 2; }
`;

/** Write a number with as many digits as a reader needs. */
export function plain(number, digits = 4) {
  if (number === null || !Number.isFinite(number)) return number === Infinity ? "no end" : "-";
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size >= 1e15 || size < 1e-6) return number.toExponential(digits - 1);
  return Number(number.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 12, useGrouping: size >= 1e4 });
}

/** Make an element; text never becomes markup. */
function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...inside);
  return element;
}

function drawn(tag, attributes = {}, ...inside) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...inside);
  return element;
}

/** Names of a row's users by what they do, such as "North, East: federated". */
export function whoDoesWhat(scenario, counts) {
  const doing = scenario.levels.map(() => []);
  counts.forEach((spread, row) => {
    spread.forEach((many, level) => {
      if (many === 0) return;
      const { name, size } = scenario.rows[row];
      const part = many === size ? `all ${plain(size, 7)}` : `${plain(many, 7)} of ${plain(size, 7)}`;
      doing[level].push(size === 1 ? name : `${name} (${part})`);
    });
  });
  return scenario.levels
    .map((level, place) => [level, doing[place]])
    .filter(([, names]) => names.length > 0)
    .reverse()
    .map(([level, names]) => `${level}: ${named(names)}`)
    .join("; ");
}

const MOST_NAMED = 8;

function named(names) {
  if (names.length <= MOST_NAMED) return names.join(", ");
  return `${names.slice(0, MOST_NAMED - 1).join(", ")} and ${names.length - MOST_NAMED + 1} more`;
}

/**
 * Put an explorer of a scenario, or of its JSON, into an element. `changed` hears the costs of every new position;
 * `link`: keep it in the address.
 */
export function mount(host, given, { changed = () => {}, link = true } = {}) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const page = make("section", { class: "fx", "aria-label": "Explorer" });
  root.replaceChildren(make("style", {}, STYLE), page);
  let [scenario, model] = [given];
  try {
    if (typeof given === "string") scenario = JSON.parse(given);
    model = read(scenario);
  } catch (error) {
    page.append(make("p", { class: "answer fault", role: "alert" }, `This scenario cannot be shown: ${error.message}.`));
    return { get costs() { return null; } };
  }
  page.append(make("h2", {}, scenario.title));
  if (model === null) {
    page.append(make("p", { class: "answer" }, scenario.given.sentence), givenTable(scenario));
    page.append(make("p", { class: "note" }, "There are too many states to move this in a page: this is the answer as it was computed."));
    return { get costs() { return scenario.rows.map(({ costs }) => infinite(costs)); } };
  }
  return new Explorer(page, scenario, model, changed, link);
}

function givenTable(scenario) {
  const table = make("table", {}, make("caption", {}, "Users, costs and what they do"));
  table.append(make("tr", {}, ...["user", "how many", ...scenario.levels].map((name) => make("th", { scope: "col" }, name))));
  for (const { name, size, costs } of scenario.rows.slice(0, LEAST_SHOWN)) {
    const cells = [plain(size, 12), ...infinite(costs).map((cost) => plain(cost))];
    table.append(make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell))));
  }
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Users and costs" }, table);
}

class Explorer {
  constructor(page, scenario, model, changed, link) {
    Object.assign(this, { page, scenario, model, changed, link });
    this.start = this.position = {
      costs: scenario.rows.map(({ costs }) => infinite(costs)),
      margin: scenario.margin ?? 0,
      budget: scenario.budget ?? null,
      alpha: null,
      out: scenario.rows.map(() => false),
    };
    this.together = scenario.rows.some(({ link: group }, row) => scenario.rows.some((other, place) => place !== row && other.link === group));
    this.scale = this.scales();
    this.layOut();
    if (link) this.fromAddress();
    this.show();
    new ResizeObserver(() => this.figure.replaceChildren(this.chart())).observe(page);
  }

  get costs() {
    return this.position.costs.map((line, row) => (this.position.out[row] ? line.map((cost, level) => (level === 0 ? 0 : Infinity)) : line));
  }

  get options() {
    const { margin, budget } = this.position;
    const { selection, least = null, range = [0, 1] } = this.scenario;
    return { selection, margin: selection === "worst" ? 0 : margin, budget, least, range };
  }

  /** Largest cost that a slider reaches: three times the given one, or the most that the level can be paid. */
  scales() {
    const { rows, P, states } = this.model;
    return rows.map(({ counts, moves, stride }, row) =>
      this.start.costs[row].map((cost, level) => {
        if (Number.isFinite(cost) && cost > 0) return nice(3 * cost);
        let most = 0;
        for (let state = 0; state < states && level > 0; state += 1) {
          const here = Math.floor(state / stride) % counts.length;
          if (counts[here][level] > 0) most = Math.max(most, P[state] - P[state + (moves[here][level][0] - here) * stride]);
        }
        return nice(most || 1);
      }),
    );
  }

  layOut() {
    const { page, scenario } = this;
    this.answer = make("p", { class: "answer", role: "status", "aria-live": "polite" });
    this.change = make("p", { class: "change note" });
    this.caveat = make("p", { class: "note" }, this.caveats());
    const controls = make("form", { "aria-label": "Costs and the platform's limits" });
    controls.addEventListener("submit", (event) => event.preventDefault());
    controls.append(this.platform());
    const rows = make("div", { class: "rows" });
    this.sliders = scenario.rows.map((row, place) => this.rowControls(rows, row, place));
    if (this.together) {
      this.joint = make("input", { type: "checkbox", checked: true });
      controls.append(make("label", { class: "check" }, this.joint, "Move users who are alike together"));
    }
    controls.append(rows);
    this.asked = make("p", { class: "asked", role: "status" }, "Choose a slider to see how dear it may become.");
    controls.append(this.asked);
    this.figure = make("figure", { style: "margin:0" });
    this.table = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Payments and costs" });
    page.append(this.answer, this.change, make("div", { class: "grid" }, controls, make("div", {}, this.figure, this.table)));
    page.append(this.actions(), this.caveat);
  }

  caveats() {
    const { mixed, selection, given } = this.scenario;
    const counted = { best: "the best", worst: "the worst", potential: "the one of highest potential" }[selection];
    const parts = [`Searched: stable pure choices, counting on ${counted} of them.`];
    if (mixed) parts.push(`At the first position users who mix leave the platform ${plain(mixed.value)} at alpha = ${mixed.alpha}, which is more.`);
    if (given?.sentence) parts.push(given.sentence);
    return parts.join(" ");
  }

  platform() {
    const set = make("fieldset", {}, make("legend", {}, "The platform"));
    this.follow = make("input", { type: "checkbox", checked: true });
    set.append(make("label", { class: "check" }, this.follow, "Pay the best share, alpha"));
    this.alpha = this.slide(set, "alpha", "share of the utility paid out, alpha", 1, (alpha) => this.move({ alpha }));
    this.follow.addEventListener("change", () => this.move({ alpha: this.follow.checked ? null : this.shownAlpha() }));
    if (this.scenario.selection !== "worst") {
      this.margin = this.slide(set, "margin", "margin by which every choice must be better", nice(this.largestCost() / 2), (margin) => this.move({ margin: margin ?? 0 }));
    }
    this.budget = this.slide(set, "budget", "most that may be paid out", nice(Math.max(...this.model.U, 1e-300)), (budget) => this.move({ budget }));
    return set;
  }

  largestCost() {
    return Math.max(...this.start.costs.flat().filter(Number.isFinite), 1e-300);
  }

  rowControls(rows, { name, size, costs }, row) {
    const set = make("fieldset", {}, make("legend", {}, size === 1 ? name : `${name} (${plain(size, 12)} users)`));
    const sliders = costs.map((_, place) => {
      if (place === 0) return null;
      const level = this.scenario.levels[place];
      const label = `cost of ${level} to ${name}`;
      const slider = this.slide(set, level, label, this.scale[row][place], (cost) => this.setCost(row, place, cost ?? Infinity), () => this.ask(row, place));
      slider.box.placeholder = "forbidden";
      return slider;
    });
    const stays = make("input", { type: "checkbox", checked: true });
    stays.addEventListener("change", () => this.move({ out: this.position.out.map((out, place) => (place === row ? !stays.checked : out)) }));
    set.append(make("label", { class: "check" }, stays, size === 1 ? "may take part" : "may take part, all of them"));
    rows.append(set);
    return { sliders, stays };
  }

  slide(parent, short, label, most, heard, asked = () => {}) {
    const range = make("input", { type: "range", min: "0", max: String(most), step: "any", "aria-label": label });
    const box = make("input", { type: "number", min: "0", step: "any", "aria-label": `${label}, as a number` });
    const band = make("div", { class: "band", hidden: true });
    range.addEventListener("input", () => heard(rounded(Number(range.value), most)));
    box.addEventListener("change", () => {
      const value = box.value.trim() === "" ? null : Number(box.value);
      if (value === null || (Number.isFinite(value) && value >= 0)) heard(value);
      else this.show();
    });
    range.addEventListener("focus", asked);
    range.addEventListener("change", asked);
    const track = make("div", { class: "track" }, range, band);
    parent.append(make("div", { class: "slide" }, make("span", {}, short), track, box));
    return { range, box, band, most };
  }

  setCost(row, level, cost) {
    const group = this.scenario.rows[row].link;
    const costs = this.position.costs.map((line, place) => {
      const moves = place === row || (this.joint?.checked && this.scenario.rows[place].link === group);
      return moves ? line.map((one, here) => (here === level ? cost : one)) : line;
    });
    this.move({ costs });
  }

  move(change) {
    this.last = this.shown;
    this.position = { ...this.position, ...change };
    this.show();
    this.changed(this.costs);
    if (this.link) {
      clearTimeout(this.writing);
      this.writing = setTimeout(() => history.replaceState(null, "", this.address()), 250);
    }
  }

  shownAlpha() {
    return this.shown?.alpha ?? 0.5;
  }

  /** Compute the position and write all of it. */
  show() {
    const { found, kept, pieces, optimum } = solve(this.model, this.costs, this.options);
    const free = this.position.alpha;
    const one = free === null ? optimum : settledAt(kept, free)[this.scenario.selection === "worst" ? settledAt(kept, free).length - 1 : 0] ?? null;
    const text = one === null ? null : free === null ? announced(one) : { alpha: free, text: String(free) };
    this.shown = {
      one,
      alpha: text?.alpha ?? free,
      text: text?.text ?? String(free),
      value: one === null ? null : (1 - (text?.alpha ?? 0)) * one.worth,
      counts: one === null ? null : countsAt(this.model, one.state),
      number: found.state.length,
      kept,
      pieces,
      optimum,
    };
    this.answer.replaceChildren(this.sentence());
    this.change.replaceChildren(this.compared());
    this.fill();
    this.figure.replaceChildren(this.chart());
    this.table.replaceChildren(this.payTable());
  }

  sentence() {
    const { one, text, value, counts, alpha, optimum } = this.shown;
    if (one === null) {
      return this.position.alpha === null ? "At no alpha is there a stable pure choice within these limits." : `At alpha = ${text} no pure choice is stable within these limits.`;
    }
    const unit = this.scenario.unit ? ` ${this.scenario.unit}` : "";
    const paid = `${plain(100 * alpha)} % of the utility (alpha = ${text})`;
    const keeps = `keeps ${plain(value)}${unit} of ${plain(one.worth)}${unit}`;
    const parts = [this.position.alpha === null ? `The platform does best to pay out ${paid} and ${keeps}.` : `Paying out ${paid}, the platform ${keeps} (the best: ${optimum === null ? "-" : plain(optimum.value)}).`];
    parts.push(`${capital(whoDoesWhat(this.scenario, counts))}.`);
    const binds = this.position.alpha === null ? binding(this.model, this.costs, one, this.options.margin) : null;
    if (binds !== null) {
      const [from, to] = [this.scenario.levels[binds.from], this.scenario.levels[binds.to]];
      parts.push(`The cost of ${this.scenario.rows[binds.row].name} binds: at any smaller alpha it would rather be ${to} than ${from}.`);
    }
    if (this.position.alpha === null && !one.reached) parts.push(`The value is approached from ${one.closedFrom ? "below" : "above"}, not reached.`);
    return parts.join(" ");
  }

  compared() {
    const before = this.pin ?? this.last;
    const [since, now] = [this.pin ? "Against the pinned position" : "Since the last position", this.shown];
    if (!before) return `${plain(now.number, 7)} stable choices.`;
    if (before.one === null || now.one === null) return `${since}: ${now.one === null ? "no stable choice is left" : "there is a stable choice again"}.`;
    const parts = [];
    if (before.text !== now.text) parts.push(`alpha ${before.text} → ${now.text}`);
    const more = now.value - before.value;
    if (Math.abs(more) > 1e-9 * Math.abs(now.value)) parts.push(`the platform keeps ${plain(Math.abs(more))} ${more > 0 ? "more" : "less"}`);
    this.scenario.rows.forEach(({ name }, row) => {
      if (before.counts[row].join() === now.counts[row].join()) return;
      parts.push(`${name}: ${this.doing(before.counts[row], row)} → ${this.doing(now.counts[row], row)}`);
    });
    return `${since}: ${parts.join("; ") || "nothing that matters changed"}. ${plain(now.number, 7)} stable choices.`;
  }

  /** Put the position into the controls, and the ranges of costs that change nothing beside them. */
  fill() {
    const { position, shown } = this;
    const put = ({ range, box, most }, value, digits = 6) => {
      const text = value === null || value === Infinity ? "" : String(Number(value.toPrecision(digits)));
      if (this.page.getRootNode().activeElement !== range) range.value = String(Math.min(value ?? most, most));
      if (box.value !== text) box.value = text;
      range.setAttribute("aria-valuetext", text === "" ? "none" : text);
    };
    this.follow.checked = position.alpha === null;
    put(this.alpha, shown.alpha ?? 0, 12);
    if (this.margin) put(this.margin, position.margin);
    put(this.budget, position.budget);
    this.sliders.forEach(({ sliders, stays }, row) => {
      stays.checked = !position.out[row];
      sliders.forEach((slider, level) => {
        if (slider === null) return;
        put(slider, position.costs[row][level], 12);
        slider.range.disabled = slider.box.disabled = position.out[row];
        const reach = shown.one === null || position.out[row] ? null : costRange(this.model, this.costs, shown.one.state, shown.alpha, row, level, this.options.margin);
        slider.band.hidden = reach === null || !(reach[1] >= reach[0]);
        if (!slider.band.hidden) {
          const [from, to] = reach.map((end) => Math.min(Math.max(end, 0) / slider.most, 1) * 100);
          slider.band.style.left = `${from}%`;
          slider.band.style.width = `${Math.max(to - from, 1)}%`;
          slider.band.title = `Nobody changes between ${plain(reach[0])} and ${plain(reach[1])} at this alpha`;
        }
      });
    });
  }

  /** How dear one level may become: at this alpha, and when the platform moves alpha along. */
  ask(row, level) {
    const { shown, position } = this;
    if (shown.one === null || position.out[row]) return;
    const [name, word] = [this.scenario.rows[row].name, this.scenario.levels[level]];
    const [low, high] = costRange(this.model, this.costs, shown.one.state, shown.alpha, row, level, this.options.margin);
    const chosen = shown.counts[row][level] > 0;
    const now = `${name}, ${word}: at alpha = ${shown.text} it ${chosen ? `stays so while this costs at most ${plain(high)}` : `does not choose this while it costs at least ${plain(low)}`}.`;
    this.asked.replaceChildren(now);
    if (!chosen) return;
    const steps = breakingCost(this.model, this.costs, this.options, row, level, 4 * this.scale[row][level]);
    this.asking = steps;
    const further = () => {
      if (this.asking !== steps) return;
      const { done, value } = steps.next();
      if (!done) setTimeout(further, 5);
      else {
        const end = value === null ? "whatever it costs, up to four times this slider" : `up to a cost of ${plain(value)}`;
        this.asked.replaceChildren(`${now} If the platform moves alpha along, it stays so ${end}.`);
      }
    };
    setTimeout(further, 60);
  }

  chart() {
    const { pieces, kept, optimum, alpha, one } = this.shown;
    const wide = this.figure.clientWidth || 760;
    const [width, left, right, top, height] = [Math.min(Math.max(wide, 330), 900), 58, 14, 26, 210];
    const ranked = [...kept].sort((first, second) => second.value - first.value).slice(0, 10);
    const total = top + height + 56 + 24 * ranked.length + 14;
    const reach = 1.5 * Math.max(...ranked.map(({ hi }) => hi), alpha ?? 0, this.pin?.alpha ?? 0);
    const end = [0.05, 0.1, 0.2, 0.5].find((most) => most >= reach) ?? 1;
    const x = (at) => left + ((width - left - right) * Math.min(at, end)) / end;
    const values = pieces.flatMap(({ from, to, one: held }) => [(1 - from) * held.worth, (1 - to) * held.worth]);
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values, 1e-300)];
    const y = (value) => top + height * (1 - (value - low) / (high - low));
    const label = optimum === null ? "The value over alpha: no stable choice" : `What the platform keeps over alpha, at most ${plain(optimum.value)} at alpha = ${plain(optimum.alpha)}; below, the stable choices and where they are stable`;
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${total}`, role: "img", "aria-label": label, xmlns: "http://www.w3.org/2000/svg" });
    svg.append(drawn("style", {}, CHART), drawn("text", { x: 4, y: 15, class: "strong" }, "What the platform keeps"));
    for (const tick of ticks(low, high)) {
      svg.append(drawn("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "rule" }));
      svg.append(drawn("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end", class: "small" }, plain(tick)));
    }
    const foot = top + height;
    for (const tick of ticks(0, end)) {
      svg.append(drawn("line", { x1: x(tick), x2: x(tick), y1: foot, y2: foot + 5, class: "axis" }));
      svg.append(drawn("text", { x: x(tick), y: foot + 19, "text-anchor": "middle", class: "small" }, plain(tick)));
    }
    svg.append(drawn("line", { x1: left, x2: width - right, y1: foot, y2: foot, class: "axis" }));
    svg.append(drawn("text", { x: width - right, y: foot + 34, "text-anchor": "end", class: "small" }, "alpha: the share that is paid out"));
    pieces.forEach(({ from, to: stop, one: held }, index) => {
      const to = Math.min(stop, end);
      if (from > end) return;
      const ends = [y((1 - from) * held.worth), y((1 - to) * held.worth)];
      const next = pieces[index + 1];
      if (next && next.from === stop && stop <= end) svg.append(drawn("line", { x1: x(to), x2: x(to), y1: ends[1], y2: y((1 - to) * next.one.worth), class: "jump" }));
      svg.append(drawn("line", { x1: x(from), x2: x(to), y1: ends[0], y2: ends[1], class: "value" }));
    });
    svg.append(drawn("text", { x: 4, y: foot + 52, class: "strong" }, ranked.length < kept.length ? `Stable choices: the best ${ranked.length} of ${plain(kept.length, 7)}` : "Stable choices"));
    ranked.forEach((held, index) => {
      const at = foot + 72 + 24 * index;
      const chosen = one !== null && held.state === one.state;
      svg.append(drawn("line", { x1: x(held.lo), x2: Math.max(x(held.hi), x(held.lo) + 3), y1: at, y2: at, class: chosen ? "bar chosen" : "bar" }));
      const after = width - x(held.hi) >= x(held.lo);
      const space = after ? width - x(held.hi) : x(held.lo);
      const words = short(this.unlike(countsAt(this.model, held.state)), Math.floor(space / 7.2));
      svg.append(drawn("text", { x: after ? x(held.hi) + 9 : x(held.lo) - 7, y: at + 4, "text-anchor": after ? "start" : "end", class: "small" }, words));
    });
    if (this.pin?.one) svg.append(drawn("circle", { cx: x(this.pin.alpha), cy: y(Math.min(Math.max(this.pin.value, low), high)), r: 6, class: "pinned" }));
    if (alpha !== null) svg.append(drawn("line", { x1: x(alpha), x2: x(alpha), y1: top - 4, y2: total - 8, class: "now" }));
    if (optimum !== null) svg.append(drawn("circle", { cx: x(optimum.alpha), cy: y(optimum.value), r: 5, class: "top" }));
    return svg;
  }

  /** Name a choice by what sets it apart from the one that is shown. */
  unlike(counts) {
    const { counts: shown } = this.shown;
    const whole = whoDoesWhat(this.scenario, counts);
    if (shown === null || whole.length <= 50) return whole;
    const apart = counts.flatMap((spread, row) => (spread.join() === shown[row].join() ? [] : [`${this.scenario.rows[row].name} ${this.doing(spread, row)}`]));
    return apart.length === 0 ? "this choice" : `but ${apart.join(", ")}`;
  }

  /** What a row's users do. */
  doing(spread, row) {
    const many = this.scenario.rows[row].size > 1;
    return spread.flatMap((here, level) => (here ? [`${many ? `${plain(here, 7)} ` : ""}${this.scenario.levels[level]}`] : [])).join(" + ");
  }

  payTable() {
    const { one, alpha, counts, text } = this.shown;
    const unit = this.scenario.unit ? `, in ${this.scenario.unit}` : "";
    const table = make("table", {}, make("caption", {}, one === null ? "No payments" : `Payments against costs at alpha = ${text}${unit}`));
    if (one === null) return table;
    const heads = ["user", "does", "is paid", "its cost", "gains"];
    table.append(make("thead", {}, make("tr", {}, ...heads.map((name, place) => make("th", { scope: "col", class: place === 1 ? "word" : "" }, name)))));
    const lines = payments(this.model, one.state).flatMap((paid, row) =>
      paid.map((share, level) => ({ share, level, row })).filter(({ share }) => share !== null),
    );
    lines.sort((first, second) => second.share - first.share || first.row - second.row);
    const body = make("tbody");
    for (const { share, level, row } of lines.slice(0, LEAST_SHOWN)) {
      const cost = this.costs[row][level];
      const many = this.scenario.rows[row].size > 1 ? ` (${plain(counts[row][level], 12)} users, each)` : "";
      const cells = [alpha * share, cost, tidy(alpha * share - cost, cost)].map((cell) => make("td", {}, plain(cell)));
      body.append(make("tr", {}, make("th", { scope: "row" }, this.scenario.rows[row].name + many), make("td", { class: "word" }, this.scenario.levels[level]), ...cells));
    }
    table.append(body);
    if (lines.length > LEAST_SHOWN) table.caption.append(` (the ${LEAST_SHOWN} highest of ${lines.length})`);
    return table;
  }

  actions() {
    const button = (label, act) => {
      const made = make("button", { type: "button" }, label);
      made.addEventListener("click", () => act(made));
      return made;
    };
    const pin = button("Pin this position", () => {
      this.pin = this.pin ? null : this.shown;
      pin.replaceChildren(this.pin ? "Unpin" : "Pin this position");
      this.show();
    });
    const twice = button("Everybody minds twice as much", () =>
      this.move({ costs: this.position.costs.map((line) => line.map((cost) => 2 * cost)) }),
    );
    const again = button("Back to the start", () => this.move({ ...this.start }));
    const made = [pin, twice, again];
    if (this.link) {
      made.push(button("Copy a link to this position", (here) => {
        history.replaceState(null, "", this.address());
        const done = () => here.replaceChildren("The link is in the address bar");
        (navigator.clipboard?.writeText(location.href) ?? Promise.reject()).then(() => here.replaceChildren("Copied"), done);
      }));
    }
    if (this.scenario.spec) made.push(button("Save as a specification", () => save("scenario.toml", this.specification(), "application/toml")));
    made.push(button("Save the picture", () => save("landscape.svg", new XMLSerializer().serializeToString(this.figure.firstChild), "image/svg+xml")));
    return make("div", { class: "actions" }, ...made);
  }

  /** The scenario at this position as a specification that `fairgames` reads. */
  specification() {
    const { margin, budget, alpha } = this.position;
    return respecified(this.scenario.spec, this.scenario.levels, this.costs, { margin, budget, alpha });
  }

  address() {
    const { position, start } = this;
    const said = new URLSearchParams();
    position.costs.forEach((line, row) => line.forEach((cost, level) => cost !== start.costs[row][level] && said.set(`c${row}.${level}`, cost === Infinity ? "inf" : String(cost))));
    for (const name of ["margin", "budget", "alpha"]) if (position[name] !== start[name]) said.set(name, String(position[name]));
    const out = position.out.flatMap((gone, row) => (gone ? [row] : []));
    if (out.length) said.set("out", out.join("."));
    return `${location.pathname}${location.search}#explore?${said}`;
  }

  fromAddress() {
    if (!location.hash.startsWith("#explore?")) return;
    const said = new URLSearchParams(location.hash.slice(9));
    const position = structuredClone(this.start);
    const number = (text) => (text === "inf" ? Infinity : Number(text));
    for (const [name, text] of said) {
      const [, row, level] = name.match(/^c(\d+)\.(\d+)$/) ?? [];
      const value = number(text);
      if (row !== undefined && position.costs[row]?.[level] !== undefined && level > 0 && value >= 0) position.costs[row][level] = value;
      else if (name === "out") text.split(".").forEach((gone) => gone in position.out && (position.out[gone] = true));
      else if (["margin", "budget", "alpha"].includes(name) && Number.isFinite(value) && value >= 0 && (name !== "alpha" || value <= 1)) position[name] = value;
    }
    this.position = position;
  }
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const tidy = (gain, cost) => (Math.abs(gain) <= 1e-9 * Math.abs(cost) ? 0 : gain);

/** A slider's position without the digits that nobody chose. */
function rounded(value, most) {
  const scale = 10 ** Math.max(0, 3 - Math.floor(Math.log10(most)));
  return Math.round(value * scale) / scale;
}

function nice(most) {
  const scale = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 3, 5, 10].find((step) => step * scale >= most * (1 - 1e-12)) * scale;
}

function ticks(low, high) {
  const step = nice((high - low) / 5);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) found.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  return found;
}

function save(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** The widget of a notebook: what anywidget calls. */
export default {
  render({ model, el }) {
    mount(el, model.get("data"), {
      link: false,
      changed: (costs) => {
        model.set("costs", costs.map((line) => line.map((cost) => (cost === Infinity ? null : cost))));
        model.save_changes();
      },
    });
  },
};
