//! Questions about the product as a whole: events, pause, emergency stop, version.

use std::collections::BTreeMap;

use super::{Client, ClientError};
use crate::{Event, List, ProductState, Version};

impl Client {
    /// Lists the product's events after a `seq`.
    pub async fn events(&self, after: u64, limit: u32) -> Result<List<Event>, ClientError> {
        let mut url = self.url(&["fleet", "events"])?;
        url.query_pairs_mut().append_pair("after", &after.to_string()).append_pair("limit", &limit.to_string());
        self.get(url).await
    }

    /// Hands out no more jobs.
    pub async fn pause(&self) -> Result<ProductState, ClientError> {
        self.product_order("pause").await
    }

    /// Hands out jobs again.
    pub async fn resume(&self) -> Result<ProductState, ClientError> {
        self.product_order("resume").await
    }

    /// Hands out no more jobs and ends every lease.
    pub async fn estop(&self) -> Result<ProductState, ClientError> {
        self.product_order("estop").await
    }

    /// Asks who answers.
    pub async fn version(&self) -> Result<Version, ClientError> {
        self.get(self.url(&["version"])?).await
    }

    async fn product_order(&self, order: &str) -> Result<ProductState, ClientError> {
        self.post(&["fleet", order], &BTreeMap::<String, ()>::new()).await
    }
}
