export function AddServerDialog() {
  return null
}
