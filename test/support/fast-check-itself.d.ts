declare module 'fast-check-itself' {
  export * from 'fast-check';
  export { default } from 'fast-check';
}
