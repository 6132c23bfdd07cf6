//! The ledger as it is read from one end to the other: by those who check, search or carry it away.
//!
//! Whoever checks must see what is stored, and not what a reader made of it: a [`Row`] is the text
//! as it stands there, readable or not.

use crate::error::StoreError;
use async_trait::async_trait;
use countersign_core::receipt::Receipt;

/// A receipt as it is stored, whether or not it is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The number that it is stored under; one that this product writes is at least 1.
    pub seq: i64,
    /// The content hash that is stored beside it, of 32 bytes.
    pub content_hash: Vec<u8>,
    /// When it was written, in milliseconds since the Unix epoch, as it is stored beside it.
    pub recorded_at: i64,
    /// The request that is stored beside it.
    pub request_id: Option<String>,
    /// The text of the receipt.
    pub text: Vec<u8>,
}

/// Receipts in their order, in pages, so that the whole ledger is never in memory.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// The receipts whose number is `seq` or more, oldest first, at most `limit`. An empty page is
    /// the end.
    ///
    /// # Errors
    /// `Corrupt` where one of them does not read back as a receipt.
    async fn receipts_from(&self, seq: u64, limit: usize) -> Result<Vec<Receipt>, StoreError>;

    /// What is stored after the number `seq`, or from the first row on, oldest first, at most
    /// `limit`. An empty page is the end.
    ///
    /// # Errors
    /// Only where the store cannot be read: a damaged receipt is given as it is.
    async fn rows_after(&self, seq: Option<i64>, limit: usize) -> Result<Vec<Row>, StoreError>;
}
