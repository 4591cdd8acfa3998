// The nonce that styles added at run time must carry; the hub puts it into each answer of index.html.

const placeholder = '__CSP_' + 'NONCE__'
const found =
  typeof document === 'undefined' ? null : document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content

export const nonce: string | undefined = found && found !== placeholder ? found : undefined

// The scroll lock under Mantine's dialogs adds a style of its own and looks for the nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce })
