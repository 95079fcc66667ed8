/**
 * A part of a bank's reply that could not be read. It says where and what kind of fault, and never the value, which belongs to the end
 * user.
 */
export interface ReadingFault {
  /** Where in the reply: `transactions.booked.3.bookingDate`, `:61:` of the fourth entry as `entries.3.:61:`. */
  path: string;
  /** The kind of fault, a word of the code: `not_a_date`, `amount_missing`, `too_long` … */
  kind: string;
}
