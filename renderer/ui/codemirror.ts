// CodeMirror in our colours; loaded only when an editor or a diff is shown. Its styles carry the page's nonce.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { unifiedMergeView } from '@codemirror/merge'
import { EditorState, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { nonce } from './nonce.ts'

const look = EditorView.theme({
  '&': { fontSize: '12px', color: 'var(--text-1)', backgroundColor: 'transparent', height: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--mantine-font-family-monospace)',
    lineHeight: '18px',
    fontVariantLigatures: 'none',
  },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--text-1)' },
  '.cm-line': { padding: '0 14px 0 8px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--text-3)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 6px 0 14px', minWidth: '32px' },
  '.cm-cursor': { borderLeftColor: 'var(--text-1)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--accent-line)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft) !important', outline: '1px solid var(--accent-line)' },
  '.cm-specialChar': { color: 'var(--amber)', backgroundColor: 'var(--amber-soft)' },
  '.cm-changedLine, &.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--green-soft) !important' },
  '.cm-insertedLine': { backgroundColor: 'var(--green-soft)' },
  '.cm-deletedChunk': { backgroundColor: 'var(--red-soft)', paddingLeft: '8px' },
  '.cm-changedText, &.cm-merge-b .cm-changedText': { background: 'none' },
  '.cm-deletedChunk .cm-deletedText': { background: 'none' },
  '.cm-deletedChunk del, .cm-deletedLine del': { textDecoration: 'none' },
  '.cm-changedLineGutter': { background: 'var(--green-glyph)' },
  '.cm-deletedLineGutter': { background: 'var(--red-glyph)' },
  '.cm-collapsedLines': {
    background: 'var(--hover)',
    color: 'var(--text-3)',
    padding: '3px 14px',
    fontFamily: 'var(--mantine-font-family)',
    fontSize: '11.5px',
    '&:before, &:after': { display: 'none' },
  },
})

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--green)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--blue)' },
  { tag: tags.invalid, color: 'var(--red)' },
  { tag: tags.comment, color: 'var(--text-3)' },
])

function base(): Extension[] {
  return [
    ...(nonce ? [EditorView.cspNonce.of(nonce)] : []),
    look,
    json(),
    syntaxHighlighting(colours),
    lineNumbers(),
    highlightSpecialChars(),
    EditorView.lineWrapping,
  ]
}

/** An editor for JSON. `onSubmit`: Mod+Enter. */
export function openEditor(
  parent: HTMLElement,
  o: { text: string; label: string; onChange: (text: string) => void; onSubmit?: (() => void) | undefined },
): EditorView {
  const submit = {
    key: 'Mod-Enter',
    run: () => {
      o.onSubmit?.()
      return o.onSubmit !== undefined
    },
  }
  return new EditorView({
    parent,
    doc: o.text,
    extensions: [
      keymap.of([submit]),
      ...base(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      EditorView.contentAttributes.of({ 'aria-label': o.label, spellcheck: 'false' }),
      EditorView.updateListener.of(update => {
        if (update.docChanged) o.onChange(update.state.doc.toString())
      }),
    ],
  })
}

/** A read-only unified diff. Long unchanged runs are folded. */
export function openDiff(parent: HTMLElement, before: string, after: string): EditorView {
  return new EditorView({
    parent,
    doc: after,
    extensions: [
      ...base(),
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      unifiedMergeView({
        original: before,
        mergeControls: false,
        highlightChanges: false,
        gutter: true,
        collapseUnchanged: { margin: 4, minSize: 8 },
      }),
      EditorView.contentAttributes.of({ 'aria-label': 'What changes', tabindex: '0' }),
    ],
  })
}
