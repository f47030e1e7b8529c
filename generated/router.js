'use strict';
/**
 * Masks as they are written on the page (one digit a target, first target leftmost, 32 to a word) to masks as they are laid:
 * target t is bit 31 − (t & 31) of word t >> 5.
 */
function align(rows, targets) {
    const last = targets % 32 === 0 ? 0 : 32 - (targets % 32);
    return rows.flatMap((row) => {
        const words = typeof row === 'number' ? [row] : [...row];
        const end = words.length - 1;
        if (end >= 0)
            words[end] = (words[end] << last) >>> 0;
        return words;
    });
}
/**
 * One automaton over all names: every state looks at one position of the name and goes on by the character there (or the end), so
 * that a few steps leave at most one candidate; a last equality decides. Steps do not grow with the length of the name nor, but
 * for the logarithm, with the number of names; an attacker's misses end as early as hits.
 */
function buildNames(names) {
    const { positions, next, classes, width, start } = automatonOf(names);
    const known = classes.length;
    return (name) => {
        let state = start;
        while (state >= 0) {
            const position = positions[state];
            const unit = position < name.length ? name.charCodeAt(position) : -1;
            const column = unit < 0 ? 0 : unit < known ? classes[unit] : 1;
            state = next[state * width + column];
        }
        const row = -2 - state;
        return row >= 0 && names[row] === name ? row : -1;
    };
}
/** States are numbered from 0; a negative entry ends: -1 fails, -2 - row proposes that row. Column 0 is the end of the name, 1 any other unit. */
function automatonOf(names) {
    let top = 0;
    for (const name of names)
        for (let i = 0; i < name.length; i++)
            top = Math.max(top, name.charCodeAt(i) + 1);
    const classes = new Uint16Array(top).fill(1);
    let width = 2;
    for (const name of names)
        for (let i = 0; i < name.length; i++)
            if (classes[name.charCodeAt(i)] === 1)
                classes[name.charCodeAt(i)] = width++;
    const columnOf = (name, position) => (position < name.length ? classes[name.charCodeAt(position)] : 0);
    const positions = [];
    const table = [];
    const build = (rows) => {
        if (rows.length === 1)
            return -2 - rows[0];
        const position = splitOf(rows);
        const state = positions.push(position) - 1;
        const out = new Array(width).fill(-1);
        table.push(out);
        const groups = new Map();
        for (const row of rows) {
            const column = columnOf(names[row], position);
            const group = groups.get(column);
            if (group)
                group.push(row);
            else
                groups.set(column, [row]);
        }
        for (const [column, group] of groups)
            out[column] = build(group);
        return state;
    };
    /** The position that leaves the smallest largest group. */
    const splitOf = (rows) => {
        let longest = 0;
        for (const row of rows)
            longest = Math.max(longest, names[row].length);
        const counts = new Int32Array(width);
        let best = 0;
        let least = rows.length + 1;
        for (let position = 0; position <= longest && least > 1; position++) {
            counts.fill(0);
            let largest = 0;
            for (const row of rows)
                largest = Math.max(largest, ++counts[columnOf(names[row], position)]);
            if (largest < least) {
                least = largest;
                best = position;
            }
        }
        return best;
    };
    const start = names.length === 0 ? -1 : build(names.map((_, row) => row));
    const next = new Int32Array(table.length * width);
    for (let state = 0; state < table.length; state++)
        next.set(table[state], state * width);
    return { positions: Int32Array.from(positions), next, classes, width, start };
}
/** UTF-8 bytes of the longest text that is scanned: `TEXT_WINDOW` code units, three bytes each at most. */
const MOST_BYTES = 3 * 8192;
/**
 * One pass over a text for whole words (ASCII letters in any case), code fences and lines. It runs over UTF-8 bytes: reading a string
 * unit by unit costs four times as much. A word can only begin where no word character stands before it, and most such places are
 * ruled out by two bytes; from the others a trie is walked, so that the time hardly depends on the number of words. A word character is
 * [A-Za-z0-9_] or anything beyond ASCII; a word counts where no word character stands directly before or after it.
 */
function buildTextScan(words) {
    const encoder = new TextEncoder();
    const patterns = words.map((word) => encoder.encode(foldCase(word)));
    const { next, ends, columns, width } = trieOf(patterns);
    const opens = openingsOf(patterns);
    const isWord = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte > 127 || /\w/.test(String.fromCharCode(byte))));
    const scan = { found: new Uint8Array(words.length), codeBlock: false, lines: 1 };
    // One byte more than a text may have: what stands behind the end is no word character.
    const bytes = new Uint8Array(MOST_BYTES + 1);
    const walk = (from, end) => {
        let state = 0;
        for (let i = from; i < end; i++) {
            state = next[state + columns[bytes[i]]];
            if (state === 0)
                return;
            const word = ends[state / width];
            if (word >= 0 && isWord[bytes[i + 1]] === 0)
                scan.found[word] = 1;
        }
    };
    return (text) => {
        scan.found.fill(0);
        const { written } = encoder.encodeInto(text, bytes);
        bytes[written] = 0;
        let lines = 1;
        let inWord = 0;
        for (let i = 0; i < written; i++) {
            const byte = bytes[i];
            if (inWord === 0 && opens[(byte << 8) | bytes[i + 1]] === 1)
                walk(i, written);
            inWord = isWord[byte];
            lines += Number(byte === 10);
        }
        scan.lines = lines;
        scan.codeBlock = text.includes('```');
        return scan;
    };
}
/** By two bytes: 1 where a word may begin so. */
function openingsOf(patterns) {
    const opens = new Uint8Array(256 * 256);
    for (const pattern of patterns) {
        if (pattern.length === 0)
            continue;
        for (const first of bothCases(pattern[0])) {
            if (pattern.length === 1)
                opens.fill(1, first << 8, (first + 1) << 8);
            else
                for (const second of bothCases(pattern[1]))
                    opens[(first << 8) | second] = 1;
        }
    }
    return opens;
}
/** A trie as one table: a state is the offset of its row, 0 is both the root and "nothing goes on"; column 0 is any other byte. */
function trieOf(patterns) {
    const columns = new Uint8Array(256);
    let width = 1;
    for (const pattern of patterns)
        for (const byte of pattern)
            if (columns[byte] === 0)
                columns[byte] = width++;
    for (let byte = 97; byte <= 122; byte++)
        columns[byte - 32] = columns[byte];
    const rows = [new Int32Array(width)];
    const ends = [-1];
    patterns.forEach((pattern, word) => {
        let row = 0;
        for (const byte of pattern) {
            const column = columns[byte];
            if (rows[row][column] === 0) {
                rows[row][column] = rows.push(new Int32Array(width)) - 1;
                ends.push(-1);
            }
            row = rows[row][column];
        }
        if (row > 0)
            ends[row] = word;
    });
    const next = new Int32Array(rows.length * width);
    rows.forEach((row, state) => {
        for (let column = 0; column < width; column++)
            next[state * width + column] = row[column] * width;
    });
    return { next, ends: Int32Array.from(ends), columns, width };
}
const bothCases = (byte) => (byte >= 97 && byte <= 122 ? [byte, byte - 32] : [byte]);
const foldCase = (word) => word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
/** Entries of the table of answers; a policy that would need more is walked on every request. */
const MOST_ANSWERS = 1 << 20;
/**
 * Builds what finds the policy that governs a request: the first of a name's list that matches caller, category and endpoint. Callers
 * whom all policies treat alike are one class, categories too, and every combination of classes is walked once and then remembered:
 * the time does not depend on the number of policies, and nothing jumps on who is asking.
 */
function buildGovern(data) {
    const { policies, lists, sets } = data;
    const size = Math.max(data.callers, data.categories.length);
    const allowed = sets.map((rows) => {
        const set = new Uint8Array(size);
        for (const row of rows)
            set[row] = 1;
        return set;
    });
    const walk = (list, caller, category, endpoint) => {
        for (const row of lists[list]) {
            const { callers, categories, endpoints } = policies[row];
            if ((callers < 0 || allowed[callers][caller] === 1) &&
                (categories < 0 || allowed[categories][category] === 1) &&
                ((endpoints >>> endpoint) & 1) === 1)
                return row;
        }
        throw new Error(`no policy governs list ${list}`);
    };
    const callers = classesOf(data.callers, sets, new Set(policies.map((policy) => policy.callers)));
    const categories = classesOf(data.categories.length, sets, new Set(policies.map((policy) => policy.categories)));
    const answers = lists.length * callers.count * categories.count * 2;
    if (answers > MOST_ANSWERS)
        return walk;
    const callerAt = callers.classes.map((row) => row * categories.count * 2);
    const categoryAt = categories.classes.map((row) => row * 2);
    const stride = callers.count * categories.count * 2;
    const known = new Int32Array(answers).fill(-1);
    return (list, caller, category, endpoint) => {
        const at = list * stride + callerAt[caller] + categoryAt[category] + endpoint;
        const row = known[at];
        if (row >= 0)
            return row;
        known[at] = walk(list, caller, category, endpoint);
        return known[at];
    };
}
/** Rows that are in the same sets are one class. */
function classesOf(size, sets, used) {
    const keys = new Array(size).fill('');
    for (const set of used)
        for (const row of sets[set] ?? [])
            keys[row] += `${set} `;
    const rows = new Map();
    const classes = new Int32Array(size);
    keys.forEach((key, row) => {
        if (!rows.has(key))
            rows.set(key, rows.size);
        classes[row] = rows.get(key);
    });
    return { classes, count: rows.size };
}
/** Tokens that every count already took for an image; see `IMAGE_TOKENS` in the schema. */
const COUNTED_IMAGE = 85 + 170 * 8;
const NONE = Object.freeze([]);
/** Builds `budgets`, `bound` and `actual`: who pays for a call, the most that it can cost, and what it did cost. */
function buildMoney(data) {
    const { columns } = data;
    const payers = payersOf(data);
    const budgets = (intent, target) => {
        const scopes = payers[target];
        return scopes.length === 0 ? NONE : scopes[intent.at.scope];
    };
    const bound = (intent, target) => {
        const { known, dearest, exact, overhead } = columns[target];
        if (!known)
            return Number.NaN;
        const text = exact ? intent.inputHigh : intent.inputMost;
        const images = intent.images * Math.max(0, overhead.image - COUNTED_IMAGE);
        const input = text + images + Number(intent.tools > 0) * overhead.tools;
        const { input: rateIn, output: rateOut } = tierAt(dearest, input);
        const { answers } = intent;
        return nano(wholes(input * answers, rateIn) + wholes(intent.outputCap * answers, rateOut), rests(input * answers, rateIn) + rests(intent.outputCap * answers, rateOut));
    };
    const kinds = columns.map(({ rates }) => rates.map(kindsOf));
    const actual = (usage, target) => {
        const { known, rates } = columns[target];
        if (!known)
            return Number.NaN;
        const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
        let whole = 0;
        let rest = 0;
        for (const { of, rate, shares } of kinds[target][rates.indexOf(tierAt(rates, prompt))]) {
            let text = usage[of];
            for (const share of shares) {
                const tokens = Math.min(text, usage[share.of] ?? 0);
                text -= tokens;
                whole += wholes(tokens, share.rate);
                rest += rests(tokens, share.rate);
            }
            whole += wholes(text, rate);
            rest += rests(text, rate);
        }
        return nano(whole, rest);
    };
    return { budgets, bound, actual };
}
/** The tier of a prompt of so many tokens, cached ones included. */
function tierAt(tiers, tokens) {
    let at = tiers.length - 1;
    while (at > 0 && tokens <= tiers[at].above)
        at--;
    return tiers[at];
}
/** Pico-dollars of so many tokens of text. */
function costAt({ rates }, input, output) {
    const tier = tierAt(rates, input);
    return input * tier.input + output * tier.output;
}
/** The same by the steps of a price class. */
function costIn(steps, input, output) {
    let at = steps.length - 1;
    while (at > 0 && input <= steps[at][0])
        at--;
    return input * steps[at][1] + output * steps[at][2];
}
// Pico-dollars leave the range of exact integers at $9,007: whole nano-dollars and the rest are added apart.
const wholes = (tokens, rate) => tokens * Math.floor(rate / 1000);
const rests = (tokens, rate) => tokens * (rate % 1000);
const nano = (whole, rest) => whole + Math.ceil(rest / 1000);
/** The parts of a usage with their rates. What is not priced apart costs what the kind that it is a part of costs. */
function kindsOf(tier) {
    const { input, output } = tier;
    const read = tier.cachedInput ?? input;
    const write = tier.cacheWrite5m ?? input;
    return [
        {
            of: 'input',
            rate: input,
            shares: [
                { of: 'inputAudio', rate: tier.inputAudio ?? input },
                { of: 'inputImage', rate: tier.inputImage ?? input },
                { of: 'inputVideo', rate: tier.inputVideo ?? input },
            ],
        },
        {
            of: 'cacheRead',
            rate: read,
            shares: [
                { of: 'cachedAudio', rate: tier.cachedAudio ?? tier.inputAudio ?? read },
                { of: 'cachedImage', rate: tier.cachedImage ?? tier.inputImage ?? read },
            ],
        },
        { of: 'cacheWrite5m', rate: write, shares: [] },
        { of: 'cacheWrite1h', rate: tier.cacheWrite1h ?? write, shares: [] },
        {
            of: 'output',
            rate: output,
            shares: [
                { of: 'outputAudio', rate: tier.outputAudio ?? output },
                { of: 'outputImage', rate: tier.outputImage ?? output },
                { of: 'outputVideo', rate: tier.outputVideo ?? output },
            ],
        },
    ];
}
/** By target, then by scope: the rows of the budgets that pay. Targets of one backend share their lists, equal lists are one. */
function payersOf(data) {
    const axis = data.axes.find(({ content }) => content.kind === 'budget');
    if (axis?.content.kind !== 'budget')
        return data.columns.map(() => []);
    const { scopes } = axis.content;
    const lists = new Map();
    const byBackend = new Map();
    return data.columns.map(({ backend }) => {
        const known = byBackend.get(backend);
        if (known)
            return known;
        const made = scopes.map((scope) => {
            const rows = scope.map(({ budget }) => budget).filter((row) => (data.budgets[row].backend ?? backend) === backend);
            const key = rows.join(' ');
            if (!lists.has(key))
                lists.set(key, Object.freeze(rows));
            return lists.get(key);
        });
        byBackend.set(backend, made);
        return made;
    });
}
const DEFAULT_CAP = 4096;
/** Row in `ENDPOINTS`. */
const CHAT = 0;
/**
 * Builds `analyze`: names to rows, requirements, category and class, caps. Input tokens are an interval; it is narrowed by an exact
 * count only where a threshold of the policy lies inside it, and then only up to the largest such threshold.
 */
function buildAnalyze(data, resolve, blank, bind) {
    const { names, models, policies, categories, classes, classifier } = data;
    const noCategory = categories.length - 1;
    const noClass = classes.length - 1;
    const categoryRow = rowsByName(categories.map((category) => category.name).slice(0, noCategory));
    const classRow = rowsByName(classes.map((taskClass) => taskClass.name).slice(0, noClass));
    const govern = buildGovern(data);
    // What every request reads stands in typed arrays: one load each.
    const modelOf = Int32Array.from(names, ({ model }) => model);
    const listOf = Int32Array.from(names, ({ list }) => list);
    const capOfPolicy = Float64Array.from(policies, ({ maxCost }) => maxCost);
    const capOfCategory = Float64Array.from(categories, ({ maxCost }) => maxCost);
    const words = [...new Set([...classifier.keywords.map(([word]) => word), ...classes.flatMap((taskClass) => taskClass.words ?? [])])];
    const scanText = buildTextScan(words);
    const weights = Float64Array.from(words, (word) => classifier.keywords.find(([keyword]) => keyword === word)?.[1] ?? 0);
    const classWords = classes.map((taskClass) => (taskClass.words ?? []).map((word) => words.indexOf(word)));
    const scores = categories.some((category) => category.score !== null);
    const reads = classes.some((taskClass) => taskClass.words !== null || taskClass.codeBlock !== null);
    const nothing = { found: new Uint8Array(words.length), codeBlock: false, lines: 1 };
    const priced = data.axes.some(({ content }) => content.kind === 'price');
    const classifyLimit = limitOfConditions(data);
    const scoreOf = (fixed, tokens) => Math.min(1_000_000, fixed + Math.min(Math.floor((tokens * 1_000_000) / classifier.tokens[0]), classifier.tokens[1]));
    const categoryOf = (fixed, tokens) => {
        for (let row = 0; row < noCategory; row++) {
            const { score, inputTokens } = categories[row];
            if ((score === null || holds(score, scoreOf(fixed, tokens))) && (inputTokens === null || holds(inputTokens, tokens)))
                return row;
        }
        return noCategory;
    };
    const classOf = (scan, tools, tokens) => {
        for (let row = 0; row < noClass; row++) {
            const when = classes[row];
            if ((when.words === null || classWords[row].some((word) => scan.found[word] === 1)) &&
                (when.tools === null || holds(when.tools, tools)) &&
                (when.codeBlock === null || when.codeBlock === scan.codeBlock) &&
                (when.inputTokens === null || holds(when.inputTokens, tokens)))
                return row;
        }
        return noClass;
    };
    /**
     * Every condition on tokens is monotone in them: the same truth at both ends of the interval settles it. A row with a condition
     * that is false all along never holds, a row whose conditions all hold is the last that matters.
     */
    const categoriesDiffer = (fixed, low, high) => {
        for (let row = 0; row < noCategory; row++) {
            const { score, inputTokens } = categories[row];
            const byScore = score === null ? ALWAYS : truthOf(holds(score, scoreOf(fixed, low)), holds(score, scoreOf(fixed, high)));
            const byTokens = inputTokens === null ? ALWAYS : truthOver(inputTokens, low, high);
            if (byScore === NEVER || byTokens === NEVER)
                continue;
            return byScore === SOMETIMES || byTokens === SOMETIMES;
        }
        return false;
    };
    const classesDiffer = (low, high) => classes.some(({ inputTokens }) => inputTokens !== null && truthOver(inputTokens, low, high) === SOMETIMES);
    /** Context windows and prices of the targets that a name may come to with these capabilities; others can't tell tokens apart. */
    const reach = names.map(() => []);
    const reachOf = (name, required) => {
        const known = reach[name][required];
        if (known)
            return known;
        const candidates = models[modelOf[name]].chain.flatMap((row) => candidatesOf(data, row));
        const columns = [...new Set(candidates)]
            .map((row) => data.columns[row])
            .filter((column) => (column.capabilities & required) === required);
        const contexts = [...new Set(columns.map((column) => column.context))].filter((context) => context !== null);
        const prices = priced ? [...new Map(columns.map(({ rates }) => [rates.map(stepOf).join(' '), rates.map(stepOf)])).values()] : [];
        reach[name][required] = { contexts, prices };
        return reach[name][required];
    };
    return (body, hints, caller, tokens) => {
        const intent = {
            name: -1,
            link: 0,
            model: 0,
            policy: 0,
            category: noCategory,
            class: noClass,
            caller,
            endpoint: body.endpoint === 'chat' ? CHAT : 1,
            required: body.required,
            flexible: 0,
            inputLow: tokens.low,
            inputHigh: tokens.high,
            input: tokens.high,
            inputMost: tokens.high,
            images: body.images ?? 0,
            tools: body.tools,
            answers: body.answers,
            outputCap: 0,
            capSource: 0,
            output: 0,
            score: -1,
            costCap: Number.POSITIVE_INFINITY,
            problem: 0,
            at: blank(),
        };
        const name = resolve(body.model);
        if (name < 0)
            return fail(intent, 1);
        intent.name = name;
        const model = modelOf[name];
        const hintedCategory = hints.category === null ? -1 : (categoryRow.get(hints.category) ?? -2);
        const hintedClass = hints.class === null ? -1 : (classRow.get(hints.class) ?? -2);
        if (hintedCategory === -2)
            return fail(intent, 2);
        if (hintedClass === -2)
            return fail(intent, 3);
        let scan = nothing;
        let fixed = 0;
        if ((scores && hintedCategory < 0) || (reads && hintedClass < 0)) {
            scan = scanText(body.text());
            for (let word = 0; word < weights.length; word++)
                fixed += weights[word] * scan.found[word];
            if (scan.codeBlock)
                fixed += classifier.codeBlock;
            if (scan.lines > classifier.manyLines[0])
                fixed += classifier.manyLines[1];
        }
        const differ = () => intent.inputLow < intent.inputHigh &&
            ((hintedCategory < 0 && categoriesDiffer(fixed, intent.inputLow, intent.inputHigh)) ||
                (hintedClass < 0 && classesDiffer(intent.inputLow, intent.inputHigh)));
        if (differ()) {
            raise(intent, tokens.atLeast(classifyLimit));
            if (differ())
                count(intent, tokens.exact(models[model].encoding, classifyLimit), classifyLimit);
        }
        intent.category = hintedCategory >= 0 ? hintedCategory : categoryOf(fixed, intent.inputHigh);
        intent.class = hintedClass >= 0 ? hintedClass : classOf(scan, body.tools, intent.inputHigh);
        if (scores && hintedCategory < 0)
            intent.score = scoreOf(fixed, intent.inputHigh);
        const policy = govern(listOf[name], caller, intent.category, intent.endpoint);
        intent.policy = policy;
        intent.flexible = hints.flexible && !hints.strict && policies[policy].fallback ? 1 : 0;
        intent.costCap = Math.min(capOfPolicy[policy], capOfCategory[intent.category]);
        if (intent.endpoint === CHAT) {
            const most = categories[intent.category].maxOutputTokens;
            const asked = body.maxOutputTokens;
            intent.outputCap = asked === null ? (most ?? DEFAULT_CAP) : most === null ? asked : Math.min(asked, most);
            intent.capSource = asked === null ? 2 : intent.outputCap < asked ? 1 : 0;
            intent.output = Math.min(classifier.expected, intent.outputCap) * body.answers;
        }
        if (intent.inputLow < intent.inputHigh) {
            let limit = limitInPlay(intent);
            if (limit >= 0) {
                raise(intent, tokens.atLeast(limit + 1));
                limit = limitInPlay(intent);
                if (limit >= 0)
                    count(intent, tokens.exact(models[model].encoding, limit), limit);
            }
        }
        intent.model = model;
        bind(intent);
        return intent;
    };
    /** The largest number of tokens below which a context window or a cost cap still tells tokens in the interval apart; -1 if none does. */
    function limitInPlay(intent) {
        const { inputLow, inputHigh, outputCap, output, costCap } = intent;
        const { contexts, prices } = reachOf(intent.name, intent.required);
        let limit = -1;
        for (const tokens of contexts) {
            const most = tokens - outputCap;
            if (inputLow <= most && most < inputHigh)
                limit = Math.max(limit, most);
        }
        if (costCap < Number.POSITIVE_INFINITY) {
            for (const steps of prices) {
                const atLow = costIn(steps, inputLow, output) <= costCap;
                if (!atLow || costIn(steps, inputHigh, output) <= costCap)
                    continue;
                // A cost rises with the tokens, in every tier and from one to the next: the cap falls into one of them.
                for (let at = 0; at < steps.length; at++) {
                    const [above, input, spend] = steps[at];
                    const last = at + 1 < steps.length ? steps[at + 1][0] : inputHigh;
                    const fit = input === 0 && output * spend <= costCap ? last : Math.ceil((costCap - output * spend) / input);
                    if (fit >= above)
                        limit = Math.max(limit, Math.min(fit, last));
                }
            }
        }
        return limit;
    }
}
const fail = (intent, problem) => {
    intent.problem = problem;
    return intent;
};
/** Takes a lower bound in. */
function raise(intent, least) {
    intent.inputLow = Math.min(intent.inputHigh, Math.max(intent.inputLow, least));
}
/** Takes a count in: at most `limit` it is exact, above it only a lower bound. */
function count(intent, counted, limit) {
    if (counted <= limit) {
        intent.inputLow = counted;
        intent.inputHigh = counted;
        intent.input = counted;
    }
    else {
        intent.inputLow = Math.min(limit + 1, intent.inputHigh);
    }
}
const rowsByName = (names) => new Map(names.map((name, row) => [name, row]));
function holds(bound, value) {
    const difference = value - bound.value;
    switch (bound.op) {
        case -2:
            return difference < 0;
        case -1:
            return difference <= 0;
        case 0:
            return difference === 0;
        case 1:
            return difference >= 0;
        default:
            return difference > 0;
    }
}
const NEVER = 0;
const SOMETIMES = 1;
const ALWAYS = 2;
const truthOf = (atLow, atHigh) => (atLow !== atHigh ? SOMETIMES : atLow ? ALWAYS : NEVER);
/** Whether a bound holds for all, some or none of the values of an interval. */
function truthOver(bound, low, high) {
    if (bound.op === 0 && low < high)
        return low <= bound.value && bound.value <= high ? SOMETIMES : NEVER;
    return truthOf(holds(bound, low), holds(bound, high));
}
const stepOf = ({ above, input, output }) => [above, input, output];
/** Targets that serve a model, read off its row of masks. */
function candidatesOf(data, model) {
    const { words, columns } = data;
    const axis = data.axes.find((entry) => entry.axis === 'model');
    if (axis?.content.kind !== 'static')
        return columns.map((_, target) => target);
    const { masks } = axis.content;
    const row = data.modelRows[model];
    return columns.flatMap((_, target) => ((masks[row * words + (target >> 5)] >>> (31 - (target & 31))) & 1 ? [target] : []));
}
/** Above this many tokens no condition of a category or class changes any more. */
function limitOfConditions(data) {
    let limit = 0;
    for (const { inputTokens } of [...data.categories, ...data.classes])
        if (inputTokens !== null)
            limit = Math.max(limit, inputTokens.value + 1);
    if (data.categories.some(({ score }) => score !== null)) {
        const [per, upTo] = data.classifier.tokens;
        limit = Math.max(limit, Math.ceil((per * upTo) / 1_000_000) + 1);
    }
    return limit;
}
/** Builds `rank`: the order of the targets in every rank class. Off the request path. */
function buildRank(data) {
    const { columns, rankClasses } = data;
    const size = columns.length;
    const prices = rankClasses.map(({ reference: [input, output] }) => Float64Array.from(columns, (column) => costAt(column, input, output)));
    const dominated = rankClasses.map((_, row) => dominatedOf(data, prices[row]));
    return (snapshot) => {
        const scores = scoresOf(data, snapshot);
        const permutation = new Int32Array(rankClasses.length * size);
        rankClasses.forEach((rankClass, row) => {
            const compare = comparisonOf(data, rankClass, prices[row], dominated[row], scores);
            const order = columns.map((_, target) => target).sort(compare);
            permutation.set(order, row * size);
        });
        return { epoch: snapshot.epoch, snapshot, permutation };
    };
}
/** Another target of the same priority is at least as good and at most as dear, and one of both strictly. */
function dominatedOf(data, prices) {
    const dominated = new Uint8Array(data.columns.length);
    const byPriority = new Map();
    data.columns.forEach((column, target) => {
        const group = byPriority.get(column.priority);
        if (group)
            group.push(target);
        else
            byPriority.set(column.priority, [target]);
    });
    for (const group of byPriority.values()) {
        // Best first, cheapest among equals: a target is dominated if somebody before it is as cheap, unless both are equal in both.
        const sorted = [...group].sort((a, b) => data.columns[b].quality - data.columns[a].quality || prices[a] - prices[b]);
        let cheapest = Number.POSITIVE_INFINITY;
        let quality = Number.POSITIVE_INFINITY;
        for (const target of sorted) {
            const price = prices[target];
            const own = data.columns[target].quality;
            if (price > cheapest || (price === cheapest && own < quality))
                dominated[target] = 1;
            if (price < cheapest) {
                cheapest = price;
                quality = own;
            }
        }
    }
    return dominated;
}
/** balanced: priority × (1 − load) × (1 ÷ latency) × measured quality. */
function scoresOf(data, snapshot) {
    const measured = snapshot.targets
        .filter(({ latency_ema_ms }) => latency_ema_ms > 0)
        .map(({ latency_ema_ms }) => Math.max(1, latency_ema_ms))
        .sort((a, b) => a - b);
    const middle = measured.length >> 1;
    const typical = measured.length === 0 ? 1000 : measured.length % 2 === 1 ? measured[middle] : (measured[middle - 1] + measured[middle]) / 2;
    return Float64Array.from(data.columns, ({ priority, quality }, target) => {
        const { load, latency_ema_ms, success_rate_24h } = snapshot.targets[target];
        const latency = latency_ema_ms > 0 ? Math.max(1, latency_ema_ms) : typical;
        return priority * (1 - load) * (1 / latency) * ((quality / 1e6) * success_rate_24h);
    });
}
/** Soft limit: local first. Then dominated targets last, then the objective, then declared order. */
function comparisonOf(data, rankClass, prices, dominated, scores) {
    const { columns } = data;
    const byPrice = (a, b) => prices[a] - prices[b];
    const byQuality = (a, b) => columns[b].quality - columns[a].quality;
    const objective = rankClass.objective === 'cost'
        ? (a, b) => byPrice(a, b) || byQuality(a, b)
        : rankClass.objective === 'quality'
            ? (a, b) => byQuality(a, b) || byPrice(a, b)
            : (a, b) => scores[b] - scores[a];
    return (a, b) => (rankClass.soft ? Number(columns[a].cloud) - Number(columns[b].cloud) : 0) ||
        dominated[a] - dominated[b] ||
        objective(a, b) ||
        a - b;
}
const DOWN = 1;
const FULL = 2;
const LOADING = 4;
/**
 * Builds what turns orders and states into the tables that `route` reads. In them a target stands at its rank: rank p of a rank class
 * is bit 31 − (p & 31) of word p >> 5, so that `clz32` of a mask finds the best. Off the request path, but for `mark` and `charge`,
 * which flip a few bits.
 */
function buildLay(data) {
    const { words, columns, axes, rankClasses } = data;
    const size = columns.length;
    const rows = axes.reduce((sum, axis) => sum + axis.rows, 0);
    const stride = rows * words;
    const slots = words * 32 + 1;
    const live = axes.find((axis) => axis.content.kind === 'live');
    const budget = axes.find((axis) => axis.content.kind === 'budget');
    const none = new Int32Array(rankClasses.length * words);
    const lay = (order) => {
        const { snapshot } = order;
        const permutation = new Int32Array(rankClasses.length * slots).fill(-1);
        const ranks = new Int32Array(rankClasses.length * size);
        for (let r = 0; r < rankClasses.length; r++) {
            for (let rank = 0; rank < size; rank++) {
                const target = order.permutation[r * size + rank];
                permutation[r * slots + rank] = target;
                ranks[r * size + target] = rank;
            }
        }
        const tables = {
            epoch: order.epoch,
            snapshot,
            masks: new Int32Array(rankClasses.length * stride),
            permutation,
            ranks,
            state: Uint8Array.from(snapshot.targets, (target) => target.state),
            budgets: Uint8Array.from(data.budgets, (_, row) => snapshot.budgets[row] ?? 0),
            soft: new Int32Array(Math.max(1, budget?.rows ?? 1)),
            loading: new Int32Array(words),
        };
        for (const axis of axes)
            layAxis(tables, axis);
        for (let target = 0; target < size; target++)
            mark(tables, target, tables.state[target]);
        return tables;
    };
    const layAxis = (tables, axis) => {
        const { content } = axis;
        for (let row = 0; row < axis.rows; row++) {
            if (content.kind === 'static' || content.kind === 'price')
                layRow(tables, axis.row + row, content.masks, row * words);
            else if (content.kind === 'measured')
                layRow(tables, axis.row + row, measure(tables.snapshot.targets, content.floors[row]), 0);
        }
        if (content.kind === 'budget')
            layBudgets(tables, axis);
    };
    /** Natural mask (target t is bit 31 − (t & 31) of word t >> 5) to rank order, in every rank class. */
    const layRow = (tables, row, natural, from) => {
        for (let r = 0; r < rankClasses.length; r++) {
            const at = r * stride + row * words;
            for (let w = 0; w < words; w++)
                tables.masks[at + w] = 0;
            for (let w = 0; w < words; w++) {
                for (let mask = natural[from + w] | 0; mask !== 0;) {
                    const bit = Math.clz32(mask);
                    mask &= ~(0x80000000 >>> bit);
                    const rank = tables.ranks[r * size + w * 32 + bit];
                    tables.masks[at + (rank >> 5)] |= 0x80000000 >>> (rank & 31);
                }
            }
        }
    };
    const measure = (targets, floor) => {
        const mask = new Int32Array(words);
        targets.forEach((target, row) => {
            if (meets(target, floor))
                mask[row >> 5] |= 0x80000000 >>> (row & 31);
        });
        return mask;
    };
    const layBudgets = (tables, axis) => {
        if (axis.content.kind !== 'budget')
            return;
        axis.content.scopes.forEach((scope, row) => {
            const mask = new Int32Array(words).fill(-1);
            let soft = 0;
            for (const { budget: b, blocks } of scope) {
                if (tables.budgets[b] >= 1)
                    soft = -1;
                if (tables.budgets[b] >= 2)
                    for (let w = 0; w < words; w++)
                        mask[w] &= ~blocks[w];
            }
            tables.soft[row] = soft;
            if (size % 32 > 0)
                mask[words - 1] &= ~(0xffffffff >>> (size % 32));
            layRow(tables, axis.row + row, mask, 0);
        });
    };
    const mark = (tables, target, state) => {
        tables.state[target] = state;
        const bit = 0x80000000 >>> (target & 31);
        if (state & LOADING)
            tables.loading[target >> 5] |= bit;
        else
            tables.loading[target >> 5] &= ~bit;
        for (let r = 0; r < rankClasses.length; r++) {
            const rank = tables.ranks[r * size + target];
            const at = r * stride + live.row * words + (rank >> 5);
            setBit(tables.masks, at, rank, (state & (DOWN | FULL)) === 0);
            setBit(tables.masks, at + words, rank, (state & DOWN) === 0);
        }
    };
    const charge = (tables, row, status) => {
        tables.budgets[row] = status;
        if (budget)
            layBudgets(tables, budget);
    };
    const exclude = (tables, targets) => {
        if (targets.length === 0)
            return none;
        const masks = new Int32Array(none.length);
        for (let r = 0; r < rankClasses.length; r++) {
            for (const target of targets) {
                const rank = tables.ranks[r * size + target];
                masks[r * words + (rank >> 5)] |= 0x80000000 >>> (rank & 31);
            }
        }
        return masks;
    };
    return { lay, mark, charge, exclude, none };
}
function setBit(masks, at, rank, on) {
    const bit = 0x80000000 >>> (rank & 31);
    if (on)
        masks[at] |= bit;
    else
        masks[at] &= ~bit;
}
/** Expected latency = time to first token at the percentile + expected output tokens × time per token. */
const meets = (target, floor) => target.error_rate_1h <= floor.maxErrorRate &&
    target.success_rate_24h >= floor.minSuccessRate &&
    target.avg_ttft_ms <= floor.maxTtft &&
    target.ttft_ms[floor.at] <= floor.firstToken &&
    target.ttft_ms[floor.at] + floor.expected * target.ms_per_token <= floor.total;
const FULL_CODE = 1 << 19;
const LINK_SHIFT = 20;
/** Builds what asks `route` more than once: the fallback chain, the question whether only fullness is in the way, the reason. */
function buildDecide(data, route, bind) {
    const { models, names, policies, words } = data;
    const live = data.axes.find((axis) => axis.content.kind === 'live');
    const upOffset = (live.row + 1) * words;
    const privacy = data.axes.find((axis) => axis.axis === 'privacy');
    const openOffset = privacy ? unrestrictedOffset(data) : 0;
    const chains = names.map(({ model }) => models[model].chain);
    const falls = Uint8Array.from(policies, ({ fallback }) => Number(fallback));
    const chainOf = (intent) => {
        const chain = chains[intent.name];
        return falls[intent.policy] === 1 ? chain : chain.slice(0, 1);
    };
    const bindLink = (intent, link, model) => {
        intent.link = link;
        intent.model = model;
        bind(intent);
    };
    const decide = (intent, tables, excluded) => {
        const chain = chains[intent.name];
        const links = falls[intent.policy] === 1 ? chain.length : 1;
        for (let link = 0; link < links; link++) {
            if (intent.link !== link)
                bindLink(intent, link, chain[link]);
            const code = route(intent, tables, excluded);
            if (code >= 0)
                return code | (link << LINK_SHIFT);
        }
        for (let link = 0; link < links; link++) {
            bindLink(intent, link, chain[link]);
            const code = routeAs(intent, 'live', upOffset, tables, excluded);
            if (code >= 0)
                return code | FULL_CODE | (link << LINK_SHIFT);
        }
        bindLink(intent, 0, chain[0]);
        return -1;
    };
    /** What `route` would say if the intent stood at another row of one axis. */
    const routeAs = (intent, axis, offset, tables, excluded) => {
        const own = intent.at[axis];
        intent.at[axis] = offset;
        const code = route(intent, tables, excluded);
        intent.at[axis] = own;
        return code;
    };
    const reason = (intent, tables, excluded, code, attempts) => {
        if (attempts > 0 || intent.link > 0)
            return 'failover';
        const target = code & 0xffff;
        const differs = (other) => other >= 0 && (other & 0xffff) !== target;
        if (privacy && differs(routeAs(intent, 'privacy', openOffset, tables, excluded)))
            return 'privacy-requirement';
        if (tables.soft[intent.at.scope] !== 0) {
            const own = tables.soft[intent.at.scope];
            tables.soft[intent.at.scope] = 0;
            const other = route(intent, tables, excluded);
            tables.soft[intent.at.scope] = own;
            if (differs(other))
                return 'budget-soft-limit';
        }
        if (differs(routeAs(intent, 'live', upOffset, tables, excluded)))
            return 'capacity-overflow';
        return 'capability-match';
    };
    return { decide, reason, routeAs, chainOf, bindLink, upOffset };
}
/** Offset of the row that keeps every target; the implicit policy has one. */
function unrestrictedOffset(data) {
    const axis = data.axes.find(({ axis }) => axis === 'privacy');
    if (axis.content.kind !== 'static')
        return 0;
    const counts = Array.from({ length: axis.rows }, (_, row) => axis.content.masks
        .slice(row * data.words, (row + 1) * data.words)
        .reduce((sum, mask) => sum + countOnes(mask), 0));
    return (axis.row + counts.indexOf(data.columns.length)) * data.words;
}
function countOnes(mask) {
    let ones = 0;
    for (let rest = mask | 0; rest !== 0; rest &= rest - 1)
        ones++;
    return ones;
}
const STAGE_ORDER = [
    'RequestAnalyzer',
    'PrivacyReconciler',
    'BudgetReconciler',
    'TierReconciler',
    'QualityReconciler',
    'SchedulerReconciler',
];
const CAPABILITY_NAMES = ['chat', 'tools', 'json', 'vision', 'embeddings', 'reasoning'];
const RELAXED = ['none', 'tier', 'quality', 'tier+quality'];
/** How long a model is taken to load where nothing is measured, ms. */
const LOADING_WAIT = 5_000;
/** Builds `verdicts`, `order`, `estimate` and `explain`: why a decision came out as it did. Only when asked; reads the same tables as `route`. */
function buildExplain(data, decision, route) {
    const { columns, words, axes, rankClasses } = data;
    const size = columns.length;
    const stride = axes.reduce((sum, axis) => sum + axis.rows, 0) * words;
    const nameOf = (target) => `${columns[target].backend}/${columns[target].model}`;
    const rankClassOf = (intent, live, level) => {
        const normal = level >= 2 ? intent.at.cheap : intent.at.rank;
        return live.soft[intent.at.scope] !== 0 && data.softFrom < rankClasses.length ? normal + data.softFrom : normal;
    };
    const bitAt = (masks, base, rank) => ((masks[base + (rank >> 5)] >>> (31 - (rank & 31))) & 1) === 1;
    const keeps = (axis, intent, live, target, r) => {
        const rank = live.ranks[r * size + target];
        if (axis.content.kind !== 'price')
            return bitAt(live.masks, r * stride + intent.at[axis.axis], rank);
        return axis.content.prices.some((steps, row) => bitAt(live.masks, r * stride + (axis.row + row) * words, rank) && costIn(steps, intent.input, intent.output) <= intent.costCap);
    };
    const verdicts = (intent, live, excluded, target) => {
        const r = rankClassOf(intent, live, 0);
        const out = axes.filter((axis) => !keeps(axis, intent, live, target, r)).map((axis) => axis.axis);
        if (bitAt(excluded, r * words, live.ranks[r * size + target]))
            out.push('excluded');
        return out;
    };
    const order = (intent, live, level) => {
        const r = rankClassOf(intent, live, level);
        return columns.map((_, target) => target).sort((a, b) => live.ranks[r * size + a] - live.ranks[r * size + b]);
    };
    const estimate = (intent, target) => {
        const column = columns[target];
        return column.known ? Math.ceil(costAt(column, intent.input, intent.output) / 1000) : Number.NaN;
    };
    const estimateOf = (intent, target) => {
        const nano = estimate(intent, target);
        return {
            input_tokens: intent.input,
            estimated_output_tokens: intent.output,
            cost_usd: Number.isNaN(nano) ? null : nano / 1e9,
            token_count_tier: intent.inputLow < intent.inputHigh ? 'bound' : columns[target].exact ? 'exact' : 'approximate',
        };
    };
    const explain = (asked, live, excluded, request_id) => {
        const intent = { ...asked, at: { ...asked.at } };
        const chain = decision.chainOf(intent);
        decision.bindLink(intent, 0, chain[0]);
        const code = decision.decide(intent, live, excluded);
        const last = code < 0 ? chain.length - 1 : code & FULL_BIT ? chain.length - 1 : intent.link;
        const links = [];
        const reasons = [];
        const candidates = [];
        for (let link = 0; link <= last; link++) {
            const own = { ...intent, at: { ...intent.at } };
            decision.bindLink(own, link, chain[link]);
            const traced = trace(own, live, excluded, route(own, live, excluded));
            links.push({ model: data.models[chain[link]].name, stages: traced.stages, order: traced.order });
            candidates.push(...traced.candidates);
            for (const { target, stage, reason, suggested_action } of traced.stages.flatMap((entry) => entry.excluded)) {
                reasons.push({ agent_id: columns[target].backend, model: columns[target].model, reconciler: stage, reason, suggested_action });
            }
        }
        const policy = data.policies[asked.policy];
        const target = code < 0 ? -1 : code & 0xffff;
        const cost_estimate = target < 0 ? NO_ESTIMATE(intent) : estimateOf(intent, target);
        const soft = live.soft[intent.at.scope] !== 0;
        const name = data.names[asked.name];
        return {
            intent: {
                request_id,
                requested_model: name.name,
                resolved_model: data.models[name.model].name,
                aliases: name.hops,
                endpoint: asked.endpoint === 1 ? 'embeddings' : 'chat',
                policy: policy.name,
                category: asked.category === data.categories.length - 1 ? null : data.categories[asked.category].name,
                class: asked.class === data.classes.length - 1 ? null : data.classes[asked.class].name,
                requirements: {
                    capabilities: capabilitiesOf(asked.required),
                    input_tokens: { low: asked.inputLow, high: asked.inputHigh },
                    output_cap: asked.outputCap,
                    context: asked.inputHigh + asked.outputCap,
                },
                privacy_constraint: policy.privacy,
                budget_status: hardIn(intent, live) ? 'HardLimit' : soft ? 'SoftLimit' : 'Normal',
                min_capability_tier: policy.minTier,
                tier_enforcement: asked.flexible === 1 ? 'flexible' : 'strict',
                cost_estimate,
                candidates,
                exclusions: reasons.map((reason) => `${reason.agent_id}/${reason.model}`),
                rejection_reasons: reasons,
            },
            decision: decisionOf(intent, live, excluded, code, cost_estimate, reasons),
            links,
        };
    };
    const decisionOf = (intent, live, excluded, code, cost_estimate, reasons) => {
        if (code < 0)
            return { decision: 'reject', rejection_reasons: reasons };
        const target = code & 0xffff;
        const at = { target: nameOf(target), backend: columns[target].backend, model: columns[target].model, cost_estimate };
        if (code & FULL_BIT) {
            const wait = live.snapshot.targets[target].latency_ema_ms || 1_000;
            return { decision: 'queue', reason: 'full', ...at, estimated_wait_ms: Math.ceil(wait), fallback: null };
        }
        if (code & LOADING_BIT) {
            const other = nextBest(intent, live, excluded, target);
            return { decision: 'queue', reason: 'loading', ...at, estimated_wait_ms: LOADING_WAIT, fallback: other < 0 ? null : nameOf(other) };
        }
        const attempts = excluded.some((word) => word !== 0) ? 1 : 0;
        const reason = decision.reason(intent, live, excluded, code, attempts);
        return { decision: 'route', ...at, reason, relaxed: RELAXED[(code >> 16) & 3] };
    };
    /** What would be chosen if the target were not there. */
    const nextBest = (intent, live, excluded, target) => {
        const masks = excluded.slice();
        for (let r = 0; r < rankClasses.length; r++) {
            const rank = live.ranks[r * size + target];
            masks[r * words + (rank >> 5)] |= 0x80000000 >>> (rank & 31);
        }
        const code = route(intent, live, masks);
        return code < 0 ? -1 : code & 0xffff;
    };
    const trace = (intent, live, excluded, code) => {
        const category = data.categories[intent.category];
        const level = code >= 0 ? (code >> 16) & 3 : (intent.flexible === 1 ? 1 : 0) | (category.strict ? 0 : 2);
        const r = rankClassOf(intent, live, level);
        const inLink = columns.map((_, target) => target).filter((target) => keeps(axes[0], intent, live, target, r));
        const modelAxis = axes[0].axis === 'model' ? axes.slice(1) : axes;
        let remaining = axes[0].axis === 'model' ? inLink : columns.map((_, target) => target);
        const candidates = remaining.map(nameOf);
        const stages = STAGE_ORDER.map((stage) => {
            const out = [];
            remaining = remaining.filter((target) => {
                const found = modelAxis.find((axis) => axis.stage === stage &&
                    !(axis.role === 'tier floor' && level & 1) &&
                    !(axis.role === 'quality floor' && level & 2) &&
                    !keeps(axis, intent, live, target, r));
                if (found)
                    out.push(exclusion(found, intent, live, target));
                else if (stage === 'SchedulerReconciler' && bitAt(excluded, r * words, live.ranks[r * size + target]))
                    out.push(alreadyTried(target));
                else
                    return true;
                return false;
            });
            return { stage, excluded: out, remaining: remaining.map(nameOf) };
        });
        const order = [...remaining].sort((a, b) => live.ranks[r * size + a] - live.ranks[r * size + b]).map(nameOf);
        return { stages, order, candidates };
    };
    const alreadyTried = (target) => ({
        target,
        stage: 'SchedulerReconciler',
        axis: 'excluded',
        reason: `\`${nameOf(target)}\` was already tried for this request`,
        suggested_action: 'retry the request later',
        place: placeOf(columns[target].place),
    });
    const exclusion = (axis, intent, live, target) => {
        const words = wordsFor(intent, live, target);
        const policy = data.policies[intent.policy];
        return {
            target,
            stage: axis.stage,
            axis: axis.axis,
            reason: fill(axis.reason, words),
            suggested_action: fill(axis.suggest, words),
            place: placeOf(POLICY_AXES.includes(axis.axis) && policy.place ? policy.place : columns[target].place),
        };
    };
    /** The words that `reason` and `suggest` of a constraint may use in braces. */
    const wordsFor = (intent, live, target) => {
        const column = columns[target];
        const policy = data.policies[intent.policy];
        const category = data.categories[intent.category];
        const metrics = live.snapshot.targets[target];
        const state = live.state[target];
        const expected = Math.min(data.classifier.expected, category.maxOutputTokens ?? Number.POSITIVE_INFINITY);
        return {
            target: nameOf(target),
            backend: column.backend,
            model: column.model,
            resolved: data.models[intent.model].name,
            policy: policy.name,
            place: policy.place || category.place || column.place,
            category: category.name,
            class: data.classes[intent.class].name,
            lacking: capabilitiesOf(intent.required & ~column.capabilities)
                .map((name) => `\`${name}\``)
                .join(', '),
            context: String(column.context),
            need: String(intent.inputHigh + intent.outputCap),
            cost: column.known ? usd(costAt(column, intent.input, intent.output)) : 'an unknown price',
            cap: usd(intent.costCap),
            budgets: budgetsAtLimit(intent, live)
                .map((row) => `\`${data.budgets[row].name}\``)
                .join(', '),
            tier: String(column.tier),
            minTier: String(policy.minTier),
            quality: String(column.quality / 1e6),
            measurements: `${(metrics.error_rate_1h * 100).toFixed(1)} % errors, ${(metrics.success_rate_24h * 100).toFixed(1)} % success, ${Math.round(metrics.avg_ttft_ms)} ms to the first token`,
            latency: `${Math.round(metrics.ttft_ms.p50 + expected * metrics.ms_per_token)} ms`,
            sla: policy.sla ?? category.sla ?? '',
            state: state & 1 ? 'down' : 'full',
            remedy: state & 1
                ? `bring backend \`${column.backend}\` up, or serve \`${column.model}\` from another one`
                : `retry shortly, or raise \`max_in_flight\` of backend \`${column.backend}\``,
        };
    };
    const budgetsAtLimit = (intent, live) => {
        const axis = axes.find(({ content }) => content.kind === 'budget');
        if (axis?.content.kind !== 'budget')
            return [];
        return axis.content.scopes[intent.at.scope].map((entry) => entry.budget).filter((row) => live.budgets[row] >= 2);
    };
    const hardIn = (intent, live) => budgetsAtLimit(intent, live).length > 0;
    return { verdicts, order, estimate, explain };
}
const FULL_BIT = 1 << 19;
const LOADING_BIT = 1 << 18;
/** Axes whose bound is written in the traffic policy: their exclusions point there. */
const POLICY_AXES = ['privacy', 'tier', 'measured', 'cost', 'sla'];
const NO_ESTIMATE = (intent) => ({
    input_tokens: intent.input,
    estimated_output_tokens: intent.output,
    cost_usd: null,
    token_count_tier: intent.inputLow < intent.inputHigh ? 'bound' : 'approximate',
});
const capabilitiesOf = (set) => CAPABILITY_NAMES.filter((_, bit) => set & (1 << bit));
const fill = (template, words) => template.replace(/\{(\w+)\}/g, (_, word) => words[word] ?? '');
/** Pico-dollars as decimal USD. */
const usd = (pico) => `$${(pico / 1e12).toFixed(9).replace(/\.?0+$/, '')}`;
function placeOf(text) {
    const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(text) ?? [];
    return file === undefined ? null : { file, line: Number(line), column: Number(column) };
}
/** Builds `violations`: the constraints that a target does not meet, with what they ask for and what it is. Only when asked. */
function buildViolations(data, verdicts, none) {
    const { columns, axes, words } = data;
    return (intent, live, target) => verdicts(intent, live, none, target).flatMap((constraint) => {
        const told = tell(constraint, intent, live, target);
        return told === null ? [] : [{ constraint: constraint, ...told }];
    });
    function tell(constraint, intent, live, target) {
        const column = columns[target];
        if (constraint === 'cost') {
            const actual = column.known ? dollars(costAt(column, intent.input, intent.output)) : 'unknown';
            return { threshold: `at most ${dollars(intent.costCap)}`, actual };
        }
        if (constraint === 'quality') {
            const { minQuality, name } = data.categories[intent.category];
            const threshold = minQuality === null ? `what category ${name} asks for` : `at least ${minQuality / 1e6}`;
            return { threshold, actual: String(column.quality / 1e6) };
        }
        const axis = axes.find((each) => each.axis === constraint);
        if (axis?.content.kind !== 'measured')
            return null;
        const floor = axis.content.floors[intent.at[constraint] / words - axis.row];
        const { error_rate_1h, success_rate_24h, avg_ttft_ms, ttft_ms, ms_per_token } = live.snapshot.targets[target];
        const first = ttft_ms[floor.at];
        const total = first + floor.expected * ms_per_token;
        const failed = [
            error_rate_1h > floor.maxErrorRate && [`errors at most ${floor.maxErrorRate}`, String(error_rate_1h)],
            success_rate_24h < floor.minSuccessRate && [`success at least ${floor.minSuccessRate}`, String(success_rate_24h)],
            avg_ttft_ms > floor.maxTtft && [`first token at most ${floor.maxTtft} ms`, `${Math.round(avg_ttft_ms)} ms`],
            first > floor.firstToken && [`first token at most ${floor.firstToken} ms`, `${Math.round(first)} ms`],
            total > floor.total && [`at most ${floor.total} ms`, `${Math.round(total)} ms expected`],
        ].filter((each) => each !== false);
        return { threshold: failed.map(([asked]) => asked).join(', '), actual: failed.map(([, is]) => is).join(', ') };
    }
}
/** Pico-dollars as decimal USD. */
const dollars = (pico) => `$${(pico / 1e12).toFixed(9).replace(/\.?0+$/, '')}`;
/**
 * The same tables without the constraints that may be observed first: no cap of cost, no floor of quality, declared or measured, and no SLA
 * keeps a target out. Models, capabilities, privacy, tiers, budgets and states are as they were, and so are the orders.
 */
function loosen(data) {
    const all = Array.from({ length: data.words }, (_, word) => {
        const bits = Math.min(32, data.columns.length - word * 32);
        return bits === 32 ? -1 : ~(0xffffffff >>> bits);
    });
    return {
        ...data,
        policies: data.policies.map((policy) => ({ ...policy, maxCost: Number.POSITIVE_INFINITY, sla: null })),
        categories: data.categories.map((category) => ({ ...category, maxCost: Number.POSITIVE_INFINITY, sla: null, minQuality: null })),
        axes: data.axes.map((axis) => (axis.role === 'quality floor' ? { ...axis, content: loosenFloor(axis, all) } : axis)),
    };
}
function loosenFloor({ content, rows }, all) {
    if (content.kind === 'static')
        return { ...content, masks: Array.from({ length: rows }, () => all).flat() };
    if (content.kind !== 'measured')
        return content;
    const none = Number.POSITIVE_INFINITY;
    const floors = content.floors.map(({ at, expected }) => {
        return { maxErrorRate: none, minSuccessRate: 0, maxTtft: none, firstToken: none, total: none, at, expected };
    });
    return { kind: 'measured', floors };
}
/** Scores lie above 0 and below this: any node that is preferred beats every one that is not. */
const PREFERRED = 2000;
/**
 * Builds `place`. A node takes a workload when no filter objects; all of them are asked, so that a person sees every reason and not the
 * first. What is no number fits nowhere.
 */
function buildPlace({ prefer, restrictedLabels }) {
    const inside = Object.fromEntries(restrictedLabels.map(({ label, value }) => [label, value]));
    /** In words, why the node does not take it; null = it does. In the order in which they are told. */
    const filters = {
        unreachable: (_, node) => (node.reachable ? null : 'does not answer'),
        cordoned: (_, node) => (node.cordoned ? 'takes no new workloads' : null),
        privacy: (intent, node) => {
            if (intent.privacy === 'unrestricted')
                return null;
            if (restrictedLabels.length > 0)
                return tellLabels('a restricted workload needs', inside, node.labels);
            return node.kind === 'local' ? null : `a restricted workload stays on this machine: the policy names no \`restricted_labels\``;
        },
        labels: (intent, node) => tellLabels('needs', intent.labels, node.labels),
        form: ({ forms }, node) => forms.some((form) => node.forms.includes(form)) ? null : `it runs as ${list(forms)}, the node takes ${list(node.forms)}`,
        gpu: ({ needs }, { free, total }) => tellAmount(needs.gpus, free.gpus, total.gpus, counted(1, 'GPU')),
        cpu: ({ needs }, { free, total }) => tellAmount(needs.cpuMillis, free.cpuMillis, total.cpuMillis, counted(1000, 'core')),
        memory: ({ needs }, { free, total }) => tellAmount(needs.memoryBytes, free.memoryBytes, total.memoryBytes, bytes),
    };
    const asked = Object.entries(filters);
    return (intent, nodes) => {
        const scores = [];
        const excluded = [];
        let chosen = -1;
        for (const [row, node] of nodes.entries()) {
            const reasons = asked.flatMap(([filter, tell]) => {
                const detail = tell(intent, node);
                return detail === null ? [] : [{ node: node.name, filter, detail }];
            });
            excluded.push(...reasons);
            const isPreferred = prefer === 'local' && node.kind === 'local';
            const score = reasons.length > 0 ? 0 : scoreOf(intent.needs, node) + (isPreferred ? PREFERRED : 0);
            scores.push(score);
            if (score > 0 && (chosen < 0 || score > scores[chosen]))
                chosen = row;
        }
        return { chosen, scores, excluded };
    };
}
/** From 1 to 1001: 1 + thousandths of CPU and memory that stay free with the workload on it, the mean of both, × the part of the CPU that is idle. */
function scoreOf(needs, { free, total, load }) {
    const cpu = thousandths(free.cpuMillis - needs.cpuMillis, total.cpuMillis);
    const memory = thousandths(free.memoryBytes - needs.memoryBytes, total.memoryBytes);
    // What is no number counts as busy.
    const idle = load <= 1 ? 1000 - thousandths(Math.round(load * 1000), 1000) : 0;
    return 1 + Math.floor(((cpu + memory) * idle) / 2000);
}
/** A share in whole thousandths, at least 0 and at most 1000; 0 of nothing. */
const thousandths = (part, whole) => part > 0 && whole > 0 ? Math.min(1000, Math.floor((part * 1000) / whole)) : 0;
/** The labels that are missing or have another value. */
function tellLabels(who, asked, has) {
    const missing = Object.entries(asked).filter(([label, value]) => !Object.hasOwn(has, label) || has[label] !== value);
    if (missing.length === 0)
        return null;
    const told = missing.map(([label, value]) => {
        const there = Object.hasOwn(has, label) ? `has \`${label}: ${has[label]}\`` : `has no \`${label}\``;
        return `\`${label}: ${value}\`, the node ${there}`;
    });
    return `${who} ${told.join('; ')}`;
}
/** What is not needed is not missed, also where more is taken than there is. */
function tellAmount(needs, free, total, tell) {
    if (needs <= 0 || needs <= free)
        return null;
    const there = (amount) => (amount > 0 ? tell(amount, Math.floor) : 'none');
    const isOne = free <= 0 || there(free).startsWith('1 ');
    return `needs ${tell(needs, Math.ceil)}, ${needs <= total ? `${there(free)} ${isOne ? 'is' : 'are'} free` : `it has ${there(total)}`}`;
}
/** So many thousandths, or pieces. */
const counted = (one, noun) => (amount) => `${amount / one} ${noun}${amount === one ? '' : 's'}`;
/** With at most two decimals, in the largest unit of which there is one. */
const bytes = (amount, round) => {
    const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(1, amount)) / 10)));
    return `${round((amount / 2 ** (10 * power)) * 100) / 100} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
};
const list = (words) => (words.length === 0 ? 'nothing' : words.join(' or '));
/** Builds the rules of workloads. Off the request path. */
function buildWorkloads(data) {
    const globs = data.protected.map(({ glob, pattern }) => ({ glob, test: new RegExp(pattern) }));
    return {
        protects: (name) => globs.some(({ glob, test }) => glob === name || test.test(name)),
        refuse(held, asked) {
            return data.quotas.flatMap(({ quota, limit }) => {
                const amount = AMOUNTS[quota](held, asked);
                // What is not asked for breaks no quota, also where one was lowered below what is held. What is no number breaks it.
                return amount.asked === 0 || amount.held + amount.asked <= limit ? [] : [{ quota, limit, ...amount }];
            });
        },
        place: buildPlace(data),
    };
}
const AMOUNTS = {
    jobs_per_token: (held) => ({ held: held.jobs, asked: 1 }),
    cpu: (held, asked) => ({ held: held.cpuMillis, asked: asked.cpuMillis }),
    memory: (held, asked) => ({ held: held.memoryBytes, asked: asked.memoryBytes }),
};
/** A router from its tables and its specialized functions. */
function assemble(data, specialized) {
    const { blank, bind, route } = specialized;
    const resolve = buildNames(data.names.map(({ name }) => name));
    const { lay, mark, charge, exclude, none } = buildLay(data);
    const decision = buildDecide(data, route, bind);
    const { verdicts, order, estimate, explain } = buildExplain(data, decision, route);
    let plain = null;
    return {
        workloads: buildWorkloads(data.workloads),
        format: 1,
        targets: data.columns.length,
        none,
        resolve,
        analyze: buildAnalyze(data, resolve, blank, bind),
        rank: buildRank(data),
        lay,
        mark,
        charge,
        exclude,
        route,
        decide: decision.decide,
        reason: decision.reason,
        verdicts,
        order,
        estimate,
        ...buildMoney(data),
        explain,
        violations: buildViolations(data, verdicts, none),
        plain: () => (plain ??= assemble(loosen(data), specialized)),
    };
}

// A  workstation/llama3.2  restricted  tier 2  free  policies/backends.yaml:18:7
// B  workstation/qwen2.5-coder  restricted  tier 3  free  policies/backends.yaml:19:7
// C  workstation/nomic-embed-text  restricted  tier 2  free  policies/backends.yaml:20:7
// D  openai/gpt-5-mini  open  tier 4  $0.25 / $2  policies/backends.yaml:30:7
// E  openai/gpt-5  open  tier 5  $1.25 / $10  policies/backends.yaml:31:7
// F  openai/text-embedding-3-small  open  tier 4  $0.02 / $0  policies/backends.yaml:36:7
// G  claude/claude-sonnet-4-5  open  tier 5  $3 / $15  policies/backends.yaml:43:7
const TARGETS = [
  { backend: 'workstation', model: 'llama3.2', cloud: false, zone: 'restricted', tier: 2, quality: 620000, context: 128000, capabilities: 3, priority: 100, known: true, rates: [{ above: 0, input: 0, output: 0, cachedInput: null }], dearest: [{ above: 0, input: 0, output: 0 }], overhead: { image: 4784, tools: 1024 }, encoding: 'o200k_base', exact: false, place: 'policies/backends.yaml:18:7' },
  { backend: 'workstation', model: 'qwen2.5-coder', cloud: false, zone: 'restricted', tier: 3, quality: 720000, context: 32000, capabilities: 7, priority: 100, known: true, rates: [{ above: 0, input: 0, output: 0, cachedInput: null }], dearest: [{ above: 0, input: 0, output: 0 }], overhead: { image: 4784, tools: 1024 }, encoding: 'o200k_base', exact: false, place: 'policies/backends.yaml:19:7' },
  { backend: 'workstation', model: 'nomic-embed-text', cloud: false, zone: 'restricted', tier: 2, quality: 600000, context: 8000, capabilities: 16, priority: 100, known: true, rates: [{ above: 0, input: 0, output: 0, cachedInput: null }], dearest: [{ above: 0, input: 0, output: 0 }], overhead: { image: 4784, tools: 1024 }, encoding: 'o200k_base', exact: false, place: 'policies/backends.yaml:20:7' },
  { backend: 'openai', model: 'gpt-5-mini', cloud: true, zone: 'open', tier: 4, quality: 820000, context: 400000, capabilities: 47, priority: 50, known: true, rates: [{ above: 0, input: 250000, output: 2000000, cachedInput: 25000 }], dearest: [{ above: 0, input: 250000, output: 2000000 }], overhead: { image: 2489, tools: 12 }, encoding: 'o200k_base', exact: true, place: 'policies/backends.yaml:30:7' },
  { backend: 'openai', model: 'gpt-5', cloud: true, zone: 'open', tier: 5, quality: 930000, context: 400000, capabilities: 47, priority: 50, known: true, rates: [{ above: 0, input: 1250000, output: 10000000, cachedInput: 125000 }], dearest: [{ above: 0, input: 1250000, output: 10000000 }], overhead: { image: 1190, tools: 12 }, encoding: 'o200k_base', exact: true, place: 'policies/backends.yaml:31:7' },
  { backend: 'openai', model: 'text-embedding-3-small', cloud: true, zone: 'open', tier: 4, quality: 750000, context: 8192, capabilities: 16, priority: 50, known: true, rates: [{ above: 0, input: 20000, output: 0, cachedInput: null }], dearest: [{ above: 0, input: 20000, output: 0 }], overhead: { image: 70313, tools: 12 }, encoding: 'cl100k_base', exact: true, place: 'policies/backends.yaml:36:7' },
  { backend: 'claude', model: 'claude-sonnet-4-5', cloud: true, zone: 'open', tier: 5, quality: 920000, context: 200000, capabilities: 43, priority: 50, known: true, rates: [{ above: 0, input: 3000000, output: 15000000, cachedInput: 300000, cacheWrite5m: 3750000, cacheWrite1h: 6000000 }], dearest: [{ above: 0, input: 6000000, output: 15000000 }], overhead: { image: 4784, tools: 1024 }, encoding: 'o200k_base', exact: false, place: 'policies/backends.yaml:43:7' },
];

/** What a name means: a row of MODELS, and the list of policies to try. */
const NAMES = [
  { name: 'llama3.2', model: 0, hops: ['llama3.2'], list: 0 },
  { name: 'qwen2.5-coder', model: 1, hops: ['qwen2.5-coder'], list: 0 },
  { name: 'nomic-embed-text', model: 2, hops: ['nomic-embed-text'], list: 0 },
  { name: 'gpt-5-mini', model: 3, hops: ['gpt-5-mini'], list: 1 },
  { name: 'gpt-5', model: 4, hops: ['gpt-5'], list: 1 },
  { name: 'text-embedding-3-small', model: 5, hops: ['text-embedding-3-small'], list: 0 },
  { name: 'claude-sonnet-4-5', model: 6, hops: ['claude-sonnet-4-5'], list: 1 },
  { name: 'auto', model: 7, hops: ['auto'], list: 0 },
  { name: 'support-chat', model: 8, hops: ['support-chat'], list: 2 },
  { name: 'gpt-4', model: 4, hops: ['gpt-4', 'gpt-5'], list: 1 },
  { name: 'default', model: 7, hops: ['default', 'auto'], list: 0 },
];

/** `chain`: this model, then its fallbacks. */
const MODELS = [
  { name: 'llama3.2', virtual: false, chain: [0], encoding: 'o200k_base' }, // 0
  { name: 'qwen2.5-coder', virtual: false, chain: [1], encoding: 'o200k_base' }, // 1
  { name: 'nomic-embed-text', virtual: false, chain: [2], encoding: 'o200k_base' }, // 2
  { name: 'gpt-5-mini', virtual: false, chain: [3], encoding: 'o200k_base' }, // 3
  { name: 'gpt-5', virtual: false, chain: [4, 6, 1], encoding: 'o200k_base' }, // 4
  { name: 'text-embedding-3-small', virtual: false, chain: [5], encoding: 'cl100k_base' }, // 5
  { name: 'claude-sonnet-4-5', virtual: false, chain: [6], encoding: 'o200k_base' }, // 6
  { name: 'auto', virtual: true, chain: [7], encoding: 'o200k_base' }, // 7
  { name: 'support-chat', virtual: true, chain: [8], encoding: 'o200k_base' }, // 8
];

/** Policies whose globs match a name, in order: the first that matches the rest of the request governs it. */
const LISTS = [
  [2], // 0
  [1], // 1
  [0], // 2
];

const POLICIES = [
  // customer data never leaves the building
  { name: 'customer-data', place: 'policies/traffic.yaml:7:5', privacy: 'restricted', minTier: 1, maxCost: Infinity, fallback: false, sla: null, callers: -1, categories: -1, endpoints: 3 }, // 0
  // code is worth a strong model, up to a price
  { name: 'coding', place: 'policies/traffic.yaml:13:5', privacy: 'unrestricted', minTier: 3, maxCost: 250000000000, fallback: true, sla: 'interactive', callers: -1, categories: -1, endpoints: 3 }, // 1
  { name: 'everything-else', place: '', privacy: 'unrestricted', minTier: 1, maxCost: Infinity, fallback: true, sla: null, callers: -1, categories: -1, endpoints: 3 }, // 2
];

/** Sets of callers and categories that policies name. */
const SETS = [];

const CLASSIFIER = { keywords: [['architecture', 250000], ['design', 250000], ['refactor', 250000], ['rewrite', 250000], ['migration', 250000], ['microservices', 150000], ['multi-tenant', 150000], ['sharding', 150000], ['failover', 150000], ['debug', 100000], ['optimize', 100000], ['fix', 100000], ['test', 100000], ['improve', 100000]], codeBlock: 100000, manyLines: [20, 50000], tokens: [20000, 500000], expected: 500 };

const CATEGORIES = [
  { name: 'FAST', score: { op: -2, value: 300000 }, inputTokens: { op: -2, value: 200 }, maxCost: 2000000000, maxOutputTokens: 1024, strict: false, sla: 'fast', minQuality: 600000, place: 'policies/categories.yaml:30:3' }, // 0
  { name: 'NORMAL', score: { op: -2, value: 600000 }, inputTokens: { op: -2, value: 1000 }, maxCost: 50000000000, maxOutputTokens: 4096, strict: false, sla: 'normal', minQuality: 700000, place: 'policies/categories.yaml:37:3' }, // 1
  { name: 'COMPLEX', score: { op: -2, value: 800000 }, inputTokens: { op: -2, value: 10000 }, maxCost: 150000000000, maxOutputTokens: 4096, strict: false, sla: 'complex', minQuality: 750000, place: 'policies/categories.yaml:43:3' }, // 2
  { name: 'HIGH_COMPLEX', score: null, inputTokens: null, maxCost: 850000000000, maxOutputTokens: 4096, strict: false, sla: 'deep', minQuality: 800000, place: 'policies/categories.yaml:49:3' }, // 3
  { name: 'none', score: null, inputTokens: null, maxCost: Infinity, maxOutputTokens: null, strict: false, sla: null, minQuality: null, place: '' }, // 4
];

const CLASSES = [
  { name: 'proof', words: ['prove', 'theorem', 'lemma'], tools: null, codeBlock: null, inputTokens: null }, // 0
  { name: 'tools', words: null, tools: { op: 2, value: 0 }, codeBlock: null, inputTokens: null }, // 1
  { name: 'code', words: null, tools: null, codeBlock: true, inputTokens: { op: 2, value: 200 } }, // 2
  { name: 'none', words: null, tools: null, codeBlock: null, inputTokens: null }, // 3
];

/** RequestAnalyzer: model */
const BY_MODEL = [
  //ABCDEFG
  0b1000000, // llama3.2
  0b0100000, // qwen2.5-coder
  0b0010000, // nomic-embed-text
  0b0001000, // gpt-5-mini
  0b0000100, // gpt-5
  0b0000010, // text-embedding-3-small
  0b0000001, // claude-sonnet-4-5
  0b1111111, // auto
];

/** Row of BY_MODEL by model. */
const MODEL_ROW = [0, 1, 2, 3, 4, 5, 6, 7, 7];

/** RequestAnalyzer: class */
const BY_CLASS = [
  //ABCDEFG
  0b1111111, // any
  0b0000101, // proof
  0b0001001, // tools
  0b0101100, // code
];

/** Row of BY_CLASS by model × class. */
const CLASS_ROW = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 1, 2, 3, 0];

/** RequestAnalyzer: capability */
const BY_CAPABILITY = [
  //ABCDEFG
  0b1101101, // chat
  0b0101100, // chat json
  0b0001101, // chat vision
  0b0001100, // chat json vision
  0b0010010, // embeddings
  0b0000000, // tools embeddings
];

/** Row of BY_CAPABILITY by required (bits: chat, tools, json, vision, embeddings, reasoning). */
const CAPABILITY_ROW = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2, 2, 2, 2, 3, 3, 3, 3, 2, 2, 2, 2, 3, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5];

/** RequestAnalyzer: context */
const BY_CONTEXT = [
  //ABCDEFG
  0b1111111, // up to 8000
  0b1101111, // up to 8192
  0b1101101, // up to 32000
  0b1001101, // up to 128000
  0b0001101, // up to 200000
  0b0001100, // up to 400000
  0b0000000, // more
];

/** PrivacyReconciler: privacy · policies/traffic.yaml:7 */
const BY_PRIVACY = [
  //ABCDEFG
  0b1110000, // restricted
  0b1111111, // unrestricted
];

/** Row of BY_PRIVACY by policy. */
const PRIVACY_ROW = [0, 1, 1];

/** BudgetReconciler: cost */
const BY_COST = [
  //ABCDEFG
  0b1110000, // free
  0b0001000, // $0.25 / $2
  0b0000100, // $1.25 / $10
  0b0000010, // $0.02 / $0
  0b0000001, // $3 / $15
];

/** TierReconciler: tier · policies/traffic.yaml:13 */
const BY_TIER = [
  //ABCDEFG
  0b1111111, // tier 1 and up
  0b0101111, // tier 3 and up
];

/** Row of BY_TIER by policy. */
const TIER_ROW = [0, 1, 0];

/** QualityReconciler: quality */
const BY_QUALITY = [
  //ABCDEFG
  0b1111111, // FAST
  0b0101111, // NORMAL
  0b0001111, // COMPLEX
  0b0001101, // HIGH_COMPLEX
];

/** Row of BY_QUALITY by category. */
const QUALITY_ROW = [0, 1, 2, 3, 0];

/** QualityReconciler: sla, laid anew with every snapshot */
const BY_SLA = [
  { maxErrorRate: Infinity, minSuccessRate: 0, maxTtft: Infinity, firstToken: Infinity, total: 1000, at: 'p50', expected: 500 }, // fast
  { maxErrorRate: Infinity, minSuccessRate: 0, maxTtft: Infinity, firstToken: Infinity, total: 5000, at: 'p50', expected: 500 }, // normal
  { maxErrorRate: Infinity, minSuccessRate: 0, maxTtft: Infinity, firstToken: Infinity, total: 20000, at: 'p50', expected: 500 }, // complex
  { maxErrorRate: Infinity, minSuccessRate: 0, maxTtft: Infinity, firstToken: Infinity, total: 60000, at: 'p50', expected: 500 }, // deep
  { maxErrorRate: Infinity, minSuccessRate: 0, maxTtft: Infinity, firstToken: Infinity, total: Infinity, at: 'p50', expected: 500 }, // none
  { maxErrorRate: Infinity, minSuccessRate: 0, maxTtft: Infinity, firstToken: 800, total: Infinity, at: 'p95', expected: 500 }, // interactive
];

/** Row of BY_SLA by policy × category. */
const SLA_ROW = [0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 0, 1, 2, 3, 4];

/** Orders of the targets; each has its own copy of every table, in its order. */
const RANK_CLASSES = [
  { objective: 'cost', reference: [200, 500], soft: false }, // 0
  { objective: 'balanced', reference: [1000, 500], soft: false }, // 1
  { objective: 'quality', reference: [10000, 500], soft: false }, // 2
  { objective: 'cost', reference: [1000, 500], soft: false }, // 3
  { objective: 'cost', reference: [10000, 500], soft: false }, // 4
];
const RANK_OF_CATEGORY = [0, 1, 2, 2, 1];
const CHEAP_OF_CATEGORY = [0, 3, 4, 4, 3];
/** All ones where a category's quality floors may be relaxed. */
const RELAX_OF_CATEGORY = [-1, -1, -1, -1, -1];

/** Workloads: what one caller may hold, which are never evicted, where they go. */
const WORKLOADS = {
  quotas: [
    { quota: 'jobs_per_token', limit: 20, place: 'policies/workloads.yaml:5:5' }, // 20 jobs of one caller
    { quota: 'cpu', limit: 8000, place: 'policies/workloads.yaml:6:5' }, // 8 cores of one caller
    { quota: 'memory', limit: 17179869184, place: 'policies/workloads.yaml:7:5' }, // 16 GiB of one caller
  ],
  protected: [
    { glob: 'kube-*', pattern: '^(?:^(?:kube\\-[^/]*?)$)$', place: 'policies/workloads.yaml:8:15' },
    { glob: 'policyc-*', pattern: '^(?:^(?:policyc\\-[^/]*?)$)$', place: 'policies/workloads.yaml:8:25' },
  ],
  prefer: 'local', // a local node that fits beats every other
  restrictedLabels: [
    { label: 'zone', value: 'restricted', place: 'policies/workloads.yaml:11:26' },
  ], // restricted workloads need all of them
};
function blank() {
    return { model: 0, class: 0, capability: 0, context: 0, privacy: 0, tier: 0, quality: 0, sla: 0, live: 0, rank: 0, cheap: 0, scope: 0, relax: 0 };
}
/** Coordinates of an intent to offsets into the live tables. */
function bind(intent) {
    const { at } = intent;
    at.model = 0 + MODEL_ROW[intent.model];
    at.class = 8 + CLASS_ROW[intent.model * 4 + intent.class];
    at.capability = 12 + CAPABILITY_ROW[intent.required];
    const need = intent.inputHigh + intent.outputCap;
    at.context = 18 + (+(need > 8000) + +(need > 8192) + +(need > 32000) + +(need > 128000) + +(need > 200000) + +(need > 400000));
    at.privacy = 25 + PRIVACY_ROW[intent.policy];
    at.tier = 32 + TIER_ROW[intent.policy];
    at.quality = 34 + QUALITY_ROW[intent.category];
    at.sla = 38 + SLA_ROW[intent.policy * 5 + intent.category];
    at.live = 44;
    at.rank = RANK_OF_CATEGORY[intent.category];
    at.cheap = CHEAP_OF_CATEGORY[intent.category];
    at.relax = RELAX_OF_CATEGORY[intent.category];
}
/**
 * The decision: AND the rows that the intent picked, take the first bit. No branch, no loop, no allocation;
 * its size depends on the number of targets and axes, not on the number of policies.
 */
function route(intent, live, excluded) {
    const { masks, permutation } = live;
    const { at } = intent;
    const flexible = 0 - intent.flexible;
    const relax = at.relax;
    const fits0 = +(intent.input * 0 + intent.output * 0 > intent.costCap) - 1;
    const fits1 = +(intent.input * 250000 + intent.output * 2000000 > intent.costCap) - 1;
    const fits2 = +(intent.input * 1250000 + intent.output * 10000000 > intent.costCap) - 1;
    const fits3 = +(intent.input * 20000 + intent.output * 0 > intent.costCap) - 1;
    const fits4 = +(intent.input * 3000000 + intent.output * 15000000 > intent.costCap) - 1;
    // In the category's order.
    const r = at.rank;
    const o = Math.imul(r, 46);
    const x = r;
    const h0 = masks[(o + at.model) | 0] & masks[(o + at.class) | 0] & masks[(o + at.capability) | 0] & masks[(o + at.context) | 0] & masks[(o + at.privacy) | 0] & masks[(o + at.live) | 0] & ~excluded[x] & ((fits0 & masks[(o + 27) | 0]) | (fits1 & masks[(o + 28) | 0]) | (fits2 & masks[(o + 29) | 0]) | (fits3 & masks[(o + 30) | 0]) | (fits4 & masks[(o + 31) | 0]));
    const t0 = masks[(o + at.tier) | 0];
    const q0 = masks[(o + at.quality) | 0] & masks[(o + at.sla) | 0];
    const m0w0 = h0 & t0 & q0;
    const m1w0 = h0 & (t0 | flexible) & q0;
    const p0 = Math.clz32(m0w0);
    const p1 = Math.clz32(m1w0);
    const s = Math.imul(r, 33);
    // Quality floors relaxed, in order of cost.
    const rc = at.cheap;
    const oc = Math.imul(rc, 46);
    const xc = rc;
    const hc0 = masks[(oc + at.model) | 0] & masks[(oc + at.class) | 0] & masks[(oc + at.capability) | 0] & masks[(oc + at.context) | 0] & masks[(oc + at.privacy) | 0] & masks[(oc + at.live) | 0] & ~excluded[xc] & ((fits0 & masks[(oc + 27) | 0]) | (fits1 & masks[(oc + 28) | 0]) | (fits2 & masks[(oc + 29) | 0]) | (fits3 & masks[(oc + 30) | 0]) | (fits4 & masks[(oc + 31) | 0]));
    const tc0 = masks[(oc + at.tier) | 0];
    const qc0 = masks[(oc + at.quality) | 0] & masks[(oc + at.sla) | 0];
    const m2w0 = hc0 & tc0 & (qc0 | relax);
    const m3w0 = hc0 & (tc0 | flexible) & (qc0 | relax);
    const p2 = Math.clz32(m2w0);
    const p3 = Math.clz32(m3w0);
    const sc = Math.imul(rc, 33);
    // The first level that leaves a target.
    let slot = sc + p3;
    let level = 3;
    const n2 = (p2 - 32) >> 31;
    slot = ((sc + p2) & n2) | (slot & ~n2);
    level = (2 & n2) | (level & ~n2);
    const n1 = (p1 - 32) >> 31;
    slot = ((s + p1) & n1) | (slot & ~n1);
    level = (1 & n1) | (level & ~n1);
    const n0 = (p0 - 32) >> 31;
    slot = ((s + p0) & n0) | (slot & ~n0);
    level = (0 & n0) | (level & ~n0);
    const target = permutation[slot];
    const known = target & ~(target >> 31);
    const loading = (live.loading[known >> 5] >>> (31 - (known & 31))) & 1;
    return target | (level << 16) | (loading << 18);
}

const router = assemble(
  {
    words: 1,
    columns: TARGETS,
    names: NAMES,
    models: MODELS,
    modelRows: MODEL_ROW,
    policies: POLICIES,
    lists: LISTS,
    sets: SETS,
    callers: 1,
    categories: CATEGORIES,
    classes: CLASSES,
    classifier: CLASSIFIER,
    budgets: [],
    rankClasses: RANK_CLASSES,
    softFrom: 5,
    workloads: WORKLOADS,
    axes: [
      { axis: 'model', stage: 'RequestAnalyzer', role: 'filter', reason: '`{target}` does not serve `{resolved}`', suggest: 'ask for a model that it serves, or add `{resolved}` to its models', row: 0, rows: 8, content: { kind: 'static', masks: align(BY_MODEL, 7), thresholds: [] } },
      { axis: 'class', stage: 'RequestAnalyzer', role: 'filter', reason: '`{target}` is not a candidate of class `{class}`', suggest: 'add `{model}` to the candidates of class `{class}`, or send another `X-Nexus-Class`', row: 8, rows: 4, content: { kind: 'static', masks: align(BY_CLASS, 7), thresholds: [] } },
      { axis: 'capability', stage: 'RequestAnalyzer', role: 'filter', reason: '`{target}` lacks {lacking}', suggest: 'ask for a model with {lacking}, or declare it under `capabilities` of `{model}` if it has it', row: 12, rows: 6, content: { kind: 'static', masks: align(BY_CAPABILITY, 7), thresholds: [] } },
      { axis: 'context', stage: 'RequestAnalyzer', role: 'filter', reason: 'context of `{target}` is {context} tokens, the request may need {need}', suggest: 'shorten the input, lower the output cap, or ask for a model with a larger context', row: 18, rows: 7, content: { kind: 'static', masks: align(BY_CONTEXT, 7), thresholds: [8000, 8192, 32000, 128000, 200000, 400000] } },
      { axis: 'privacy', stage: 'PrivacyReconciler', role: 'filter', reason: '`{target}` is in zone `open`, policy `{policy}` is restricted', suggest: 'bring up a backend of zone `restricted` that serves `{resolved}`, or change `privacy` at {place}', row: 25, rows: 2, content: { kind: 'static', masks: align(BY_PRIVACY, 7), thresholds: [] } },
      { axis: 'cost', stage: 'BudgetReconciler', role: 'filter', reason: '`{target}` is estimated at {cost}, the cap is {cap}', suggest: 'shorten the request or lower its output cap, ask for a cheaper model, or raise `max_cost_per_request` at {place}', row: 27, rows: 5, content: { kind: 'price', masks: align(BY_COST, 7), prices: [[[0, 0, 0]], [[0, 250000, 2000000]], [[0, 1250000, 10000000]], [[0, 20000, 0]], [[0, 3000000, 15000000]]] } },
      { axis: 'tier', stage: 'TierReconciler', role: 'tier floor', reason: '`{target}` is tier {tier}, policy `{policy}` asks for tier {minTier}', suggest: 'send `X-Nexus-Flexible: true` if the policy allows fallback, or lower `min_tier` at {place}', row: 32, rows: 2, content: { kind: 'static', masks: align(BY_TIER, 7), thresholds: [] } },
      { axis: 'quality', stage: 'QualityReconciler', role: 'quality floor', reason: 'quality of `{target}` is {quality}, category `{category}` asks for more', suggest: 'send an easier `X-Nexus-Category`, or lower `min_quality` of category `{category}`', row: 34, rows: 4, content: { kind: 'static', masks: align(BY_QUALITY, 7), thresholds: [] } },
      { axis: 'sla', stage: 'QualityReconciler', role: 'quality floor', reason: '`{target}` is expected to take {latency}, over SLA `{sla}`', suggest: 'wait until it is faster, or choose a looser SLA at {place}', row: 38, rows: 6, content: { kind: 'measured', floors: BY_SLA } },
      { axis: 'live', stage: 'SchedulerReconciler', role: 'filter', reason: '`{target}` is {state}', suggest: '{remedy}', row: 44, rows: 2, content: { kind: 'live' } },
    ],
  },
  { blank, bind, route },
);
return router;
