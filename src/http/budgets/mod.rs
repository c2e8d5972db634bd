//! The product's money: its budget, and where the money went.
//! One file per action; shared here are the product of the path, and a change of the budget.

pub(super) mod burndown;
pub(super) mod get;
pub(super) mod pause;
pub(super) mod resume;
pub(super) mod set;

use std::sync::Arc;

use actors::{BudgetCommand, BudgetView, NotDone};
use domain::{ProductId, Usd, budget};
use wire::{Budget, Code, Problem};

use super::answer::{Answer, tagged};
use super::call::{Call, Nothing, operator};
use super::headers::Expected;
use super::refusal;

/// The product of the path, which is the one that the request names; another one is as good as none.
fn product_id(call: &Call) -> Result<ProductId, Problem> {
    let product = call.product_id()?;
    if call.segment("id") == Some(product.as_str()) {
        return Ok(product);
    }
    Err(Problem::new(Code::NotFound, "no such budget"))
}

/// The budget as it stands. That of a product that was never heard of has no ceiling; looking at it does not make it.
async fn view(call: &Call, id: ProductId) -> Result<BudgetView, Problem> {
    if !call.edge.node.switches().budgets {
        return Err(refusal::of(NotDone::NoBudgets));
    }
    let Some(product) = call.known(&id)? else {
        return Ok(BudgetView { budget: Arc::new(budget::Budget::new(id)), reserved: Usd(0) });
    };
    let _permit = call.permit(&product)?;
    product.budget().await.map_err(refusal::of)
}

/// Changes the budget, if it has a revision that the caller expects.
async fn change(call: &Call, id: &ProductId, command: BudgetCommand) -> Answer {
    if !call.edge.node.switches().budgets {
        return Err(refusal::of(NotDone::NoBudgets));
    }
    let expected = Expected::of(call.headers())?;
    let product = call.product(id).await?;
    let _permit = call.permit(&product)?;
    let if_rev = match &expected {
        Expected::Unsaid | Expected::Any => None,
        Expected::Revs(_) => {
            let rev = product.budget().await.map_err(refusal::of)?.budget.rev;
            if !expected.allows(rev) {
                return Err(refusal::precondition(rev));
            }
            Some(rev)
        }
    };
    let seen = product.set_budget(command, operator(), if_rev).await.map_err(refusal::of)?;
    shown(&seen)
}

/// An order that needs no more than its name.
async fn order(mut call: Call, command: BudgetCommand) -> Answer {
    let id = product_id(&call)?;
    let Nothing {} = call.strict().await?;
    change(&call, &id, command).await
}

fn shown(seen: &BudgetView) -> Answer {
    tagged(seen.budget.rev, &Budget::of(&seen.budget, seen.reserved))
}
