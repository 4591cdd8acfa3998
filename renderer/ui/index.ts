// The parts that pages are drawn with; they know the contract's words, but no page.
export { AlertDialog } from './alert-dialog.tsx'
export { ArmedButton } from './armed-button.tsx'
export { Bars, Spark } from './charts.tsx'
export { Ago, clockTime, exactly, left, moment, Stale, seconds, useNow, useStale } from './clock.tsx'
export { Diff, JsonEditor, JsonView } from './code.tsx'
export { AFTER_G_MS, CopyButton, dialogIsOpen, FilterField, isTyping, Keys, mod, useSlash } from './controls.tsx'
export { Foreign, Said, shown } from './foreign.tsx'
export { layOut } from './lay-out.ts'
export {
  Banner,
  Box,
  EmptyState,
  GroupRow,
  Mono,
  Page,
  PageHeader,
  Pane,
  Problem,
  Row,
  RowsSkeleton,
  Section,
} from './layout.tsx'
export { showDone, showProblem } from './notify.tsx'
export { bytes, count, duration, percent, plural, tokens } from './numbers.ts'
export { EffectMark, RiskMark } from './risk-mark.tsx'
export { SchemaForm } from './schema-form.tsx'
export { ClientMark, StateMark, stateWord } from './state-mark.tsx'
export { ClientTile, ServerTile, Tile } from './tile.tsx'
