//! How a verb reaches the coordinator: address and product by flag or variable, the token by variable only.

use domain::ProductId;
use wire::Client;

use super::failure::Failure;
use super::out::Out;

/// Where a coordinator listens on a laptop.
const API: &str = "http://localhost:4003/api";

/// What every verb understands.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Global {
    /// The coordinator's address.
    #[arg(long, global = true, value_name = "URL", env = "AQ_FLEET_API", default_value = API)]
    pub(super) api: String,
    /// The product to speak for.
    #[arg(long, global = true, value_name = "P", env = "AQ_PRODUCT_ID", default_value = "default")]
    pub(super) product: ProductId,
    /// Prints JSON as the REST interface has it, one document per line.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// The token, where there is one.
pub(super) fn token() -> Option<String> {
    std::env::var("AQ_FLEET_TOKEN").ok().filter(|token| !token.is_empty())
}

/// Makes the TLS provider the one of this process.
pub(super) fn install_tls() {
    // An error means that one is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Where a question is asked and its answer is written.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) client: Client,
    pub(super) out: Out,
    pub(super) global: Global,
}

impl Desk {
    /// Opens a way to the coordinator. Refuses an address that is none.
    pub(super) fn open(global: &Global) -> Result<Self, Failure> {
        Ok(Self { client: client(global)?, out: Out::new(global.json), global: global.clone() })
    }
}

/// Makes a client as the flags and the environment say.
pub(super) fn client(global: &Global) -> Result<Client, Failure> {
    Client::new(&global.api, global.product.as_str(), token())
        .map_err(|refused| Failure::usage(format!("--api {}: {refused}", global.api)))
}
