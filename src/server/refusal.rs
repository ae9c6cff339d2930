//! The reasons for which a search or an order is refused.

/// Why a search or an order is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The text does not follow the grammar.
    Grammar,
    /// The platform refuses it after parsing, with this reason.
    Request(String),
    /// The platform's database refuses it, with this reason.
    Database(String),
}
