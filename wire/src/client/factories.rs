//! Questions of factories and about them: heartbeat, claim, drain.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::{Client, ClientError, WAIT_MARGIN, answer};
use crate::{ClaimRequest, Factory, Grant, Grants, Heartbeat, HeartbeatAnswer, List};

impl Client {
    /// Says how the factory is.
    pub async fn heartbeat(&self, beat: &Heartbeat) -> Result<HeartbeatAnswer, ClientError> {
        self.post(&["fleet", "factories", "heartbeat"], beat).await
    }

    /// Asks for jobs, and waits for them as long as the claim says. Answers none where there is nothing to do.
    pub async fn claim(&self, claim: &ClaimRequest) -> Result<Vec<Grant>, ClientError> {
        let timeout = Duration::from_secs(claim.wait_sec.unwrap_or(0).into()) + WAIT_MARGIN;
        let response = self.send(Method::POST, &["fleet", "claim"], claim, timeout).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Vec::new());
        }
        if claim.wants_list() {
            return answer::<Grants>(response).await.map(|list| list.grants);
        }
        answer::<Grant>(response).await.map(|grant| vec![grant])
    }

    /// Lists the factories.
    pub async fn factories(&self) -> Result<List<Factory>, ClientError> {
        self.get(self.url(&["fleet", "factories"])?).await
    }

    /// Looks at a factory.
    pub async fn factory(&self, id: &str) -> Result<Factory, ClientError> {
        self.get(self.url(&["fleet", "factories", id])?).await
    }

    /// Lets a factory finish what it has and gives it nothing new.
    pub async fn drain_factory(&self, id: &str) -> Result<Factory, ClientError> {
        self.post(&["fleet", "factories", id, "drain"], &BTreeMap::<String, ()>::new()).await
    }

    /// Lets a drained factory have jobs again.
    pub async fn resume_factory(&self, id: &str) -> Result<Factory, ClientError> {
        self.post(&["fleet", "factories", id, "resume"], &BTreeMap::<String, ()>::new()).await
    }
}
