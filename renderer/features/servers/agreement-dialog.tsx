export function AgreementDialog() {
  return null
}
