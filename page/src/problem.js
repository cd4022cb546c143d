/** What is wrong with what a user gave, in a sentence that is shown as it is. */
export class Problem extends Error {}
