// Every colour of the window by name, light and dark. Features use the names, as `var(--text-2)`; never hex.

type Pair = readonly [light: string, dark: string]

/** Grounds that text may stand on. */
export const grounds = {
  frame: ['#F4F3F0', '#121211'],
  surface: ['#FFFFFF', '#191918'],
  sunken: ['#F9F8F6', '#151514'],
  raised: ['#FFFFFF', '#20201E'],
  hover: ['#F3F2EE', '#232321'],
  selected: ['#EEEEFA', '#222233'],
} as const satisfies Record<string, Pair>

export const lines = {
  line: ['#E8E6E1', '#2B2A28'],
  'line-2': ['#D5D2CA', '#3C3A37'],
  edge: ['#8D8980', '#7D7A73'],
} as const satisfies Record<string, Pair>

/** Readable on every ground: at least 4.5:1. */
export const texts = {
  'text-1': ['#1C1B19', '#ECEBE7'],
  'text-2': ['#55524C', '#B0ADA6'],
  'text-3': ['#6B6861', '#918E86'],
  accent: ['#4A4EC2', '#A5A9FF'],
  green: ['#17713F', '#63C893'],
  amber: ['#855500', '#E8B04C'],
  red: ['#AD2B24', '#F38F86'],
  blue: ['#1B5FA6', '#82B6EF'],
} as const satisfies Record<string, Pair>

/** Soft grounds of a colour, for its own text. */
export const softs = {
  'accent-soft': ['#ECECFA', '#262645'],
  'green-soft': ['#E5F3EA', '#15291E'],
  'amber-soft': ['#FCF1D9', '#2C2311'],
  'red-soft': ['#FCEBE9', '#351B19'],
  'blue-soft': ['#E7F0FA', '#16273B'],
} as const satisfies Record<string, Pair>

/** Marks and edges of controls: at least 3:1 on every ground. */
export const glyphs = {
  'green-glyph': ['#26965A', '#3FB577'],
  'amber-glyph': ['#BE7700', '#E3A32C'],
  'red-glyph': ['#D4433A', '#E5655B'],
  'blue-glyph': ['#3A80D2', '#5C9FE9'],
} as const satisfies Record<string, Pair>

export const others = {
  'accent-line': ['#C9CAF2', '#41427A'],
  ink: ['#1C1B19', '#ECEBE7'],
  'on-ink': ['#FFFFFF', '#191918'],
} as const satisfies Record<string, Pair>

export const tokens: Record<string, Pair> = { ...grounds, ...lines, ...texts, ...softs, ...glyphs, ...others }
