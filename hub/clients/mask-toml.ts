// Hides values that may be secrets in what is shown of a TOML file; its lines and everything else stay.
import type { AST } from 'toml-eslint-parser'
import { applySplices, type Splice } from './edit.ts'
import { MASK, secretsIn } from './mask.ts'
import type { Toml } from './toml.ts'

/** The text with values that may be secrets as •••, and comments that hold any. */
export function maskedToml(text: string, { top }: Toml): string {
  const splices: Splice[] = []
  const hide = (node: AST.TOMLContentNode, isSecret: boolean): void => {
    if (node.type === 'TOMLArray') {
      let flag = false
      for (const each of node.elements) {
        hide(each, isSecret || flag)
        flag = each.type === 'TOMLValue' && each.kind === 'string' && secretsIn.flag(each.value)
      }
    } else if (node.type === 'TOMLInlineTable') for (const each of node.body) pair(each, isSecret)
    else if (isSecret && (node.kind === 'string' || node.kind === 'integer')) replace(node, MASK)
    else if (node.kind === 'string' && secretsIn.shown(node.value) !== node.value)
      replace(node, secretsIn.shown(node.value))
  }
  const replace = (node: AST.TOMLContentNode, shown: string) =>
    splices.push({ at: node.range[0], remove: node.range[1] - node.range[0], text: JSON.stringify(shown) })
  const pair = (node: AST.TOMLKeyValue, isSecret: boolean) => {
    const names = namesOf(node.key)
    hide(node.value, isSecret || names.some(secretsIn.holder) || secretsIn.named(names.at(-1) ?? ''))
  }
  for (const node of top.body) {
    if (node.type === 'TOMLKeyValue') pair(node, false)
    else
      for (const each of node.body)
        pair(
          each,
          node.resolvedKey.some(key => secretsIn.holder(String(key))),
        )
  }
  for (const { index, 0: comment } of text.matchAll(/#[^\r\n]*/g)) {
    const inside = splices.some(one => index >= one.at && index < one.at + one.remove)
    const shown = comment.replace(/\S+/g, word => secretsIn.shown(word))
    if (!inside && shown !== comment && !isInText(top, index))
      splices.push({ at: index, remove: comment.length, text: shown })
  }
  return applySplices(text, splices)
}

function isInText(top: AST.TOMLTopLevelTable, offset: number): boolean {
  const within = ({ range }: { range: AST.Range }) => offset >= range[0] && offset < range[1]
  const found = top.body.find(within)
  const pairs = found?.type === 'TOMLTable' ? found.body : found ? [found] : []
  return pairs.some(each => within(each.value))
}

function namesOf(key: AST.TOMLKey): string[] {
  return key.keys.map(each => (each.type === 'TOMLBare' ? each.name : each.value))
}
