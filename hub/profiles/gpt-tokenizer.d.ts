// All that is used of it; its own types name every model there is.
declare module 'gpt-tokenizer/encoding/o200k_base' {
  export function countTokens(text: string, options?: { disallowedSpecial?: Set<string> }): number
}
