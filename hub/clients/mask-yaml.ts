// Hides values that may be secrets in what is shown of a YAML file; its lines and everything else stay.
import { isMap, isScalar, isSeq, type Node } from 'yaml'
import { applySplices, type Splice } from './edit.ts'
import { MASK, secretsIn } from './mask.ts'
import type { Yaml } from './yaml.ts'

/** The text with values that may be secrets as •••, and comments that hold any. */
export function maskedYaml(text: string, { root }: Yaml): string {
  const splices: Splice[] = []
  const scalars: [number, number][] = []
  const hide = (node: unknown, isSecret: boolean): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : ''
        hide(key, false)
        hide(value, isSecret || secretsIn.holder(name) || (isScalar(value) && secretsIn.named(name)))
      }
    } else if (isSeq(node)) {
      let flag = false
      for (const each of node.items) {
        hide(each, isSecret || flag)
        flag = isScalar(each) && typeof each.value === 'string' && secretsIn.flag(each.value)
      }
    } else if (isScalar(node) && node.range) {
      const [at, end] = node.range
      scalars.push([at, end])
      if (typeof node.value === 'boolean' || node.value === null) return
      const shown = isSecret ? MASK : typeof node.value === 'string' ? secretsIn.shown(node.value) : node.value
      if (shown !== node.value) splices.push({ at, remove: end - at, text: JSON.stringify(shown) + eolOf(text, node) })
    }
  }
  hide(root, false)
  for (const { index, 0: comment } of text.matchAll(/(?<=^|\s)#[^\r\n]*/g)) {
    const shown = comment.replace(/\S+/g, word => secretsIn.shown(word))
    const inside = scalars.some(([at, end]) => index >= at && index < end)
    if (!inside && shown !== comment) splices.push({ at: index, remove: comment.length, text: shown })
  }
  return applySplices(text, splices)
}

// A block of text ends behind its last line.
function eolOf(text: string, node: Node): string {
  return text[node.range![1] - 1] === '\n' ? '\n' : ''
}
