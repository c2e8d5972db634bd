//! Questions about the product as a whole: events, pause, emergency stop, settings, weights, profiles, version.

use std::collections::BTreeMap;

use super::{Client, ClientError, Tagged};
use crate::{Event, List, ProductState, Profile, PublishRequest, Settings, Version, Weights};

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

    /// Looks at the product's settings.
    pub async fn settings(&self) -> Result<Tagged<Settings>, ClientError> {
        self.look(&["fleet", "settings"]).await
    }

    /// Replaces the product's settings; with a tag, only those that it belongs to.
    pub async fn set_settings(
        &self,
        settings: &Settings,
        if_match: Option<&str>,
    ) -> Result<Tagged<Settings>, ClientError> {
        self.put(&["fleet", "settings"], settings, if_match).await
    }

    /// Looks at what every term of the score weighs in the product.
    pub async fn weights(&self) -> Result<Tagged<Weights>, ClientError> {
        self.look(&["fleet", "weights"]).await
    }

    /// Replaces the product's weights; terms that are left out weigh what they usually do. With a tag, only the
    /// weights that it belongs to.
    pub async fn set_weights(&self, weights: &Weights, if_match: Option<&str>) -> Result<Tagged<Weights>, ClientError> {
        self.put(&["fleet", "weights"], weights, if_match).await
    }

    /// Lists the newest version of each profile, `next` of the page before as `after`.
    pub async fn profiles(&self, after: Option<&str>, limit: u32) -> Result<List<Profile>, ClientError> {
        let mut url = self.url(&["fleet", "profiles"])?;
        let limit = limit.to_string();
        let pairs = [Some(("limit", limit.as_str())), after.map(|after| ("after", after))];
        url.query_pairs_mut().extend_pairs(pairs.into_iter().flatten());
        self.get(url).await
    }

    /// Looks at a profile: `name` is its newest version, `name@version` that one.
    pub async fn profile(&self, name: &str) -> Result<Profile, ClientError> {
        self.get(self.url(&["fleet", "profiles", name])?).await
    }

    /// Publishes what a profile says from now on.
    pub async fn publish_profile(&self, profile: &PublishRequest) -> Result<Profile, ClientError> {
        self.post(&["fleet", "profiles"], profile).await
    }

    async fn product_order(&self, order: &str) -> Result<ProductState, ClientError> {
        self.post(&["fleet", order], &BTreeMap::<String, ()>::new()).await
    }
}
