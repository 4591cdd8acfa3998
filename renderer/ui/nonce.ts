// The nonce that styles added at run time must carry; the hub puts it into each answer of index.html.

const placeholder = '__CSP_' + 'NONCE__'
const found =
  typeof document === 'undefined' ? null : document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content

export const nonce: string | undefined = found && found !== placeholder ? found : undefined
