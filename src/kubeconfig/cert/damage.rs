//! The reasons for which a certificate, a key or their pair is refused.

/// The reason why a certificate can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damage(pub(super) &'static str);

/// The reason why a certificate, a key or their pair is refused: a finding code and the detail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CertFault(pub(crate) &'static str, pub(crate) &'static str);
