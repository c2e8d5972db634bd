//! The OpenAPI document: made from the table of routes, then completed by what all of them share.
//! Knows no route by itself but the one list that takes every product.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, Header, PathItem, Ref, RefOr, Required, Response, ResponseBuilder};

use super::routes::Document;

/// Makes the document of every route.
pub fn document(version: &str) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    version.clone_into(&mut document.info.version);
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            complete(path, operation);
        }
    }
    document
}

/// The operations of one path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
    all.into_iter().flatten()
}

fn complete(path: &str, operation: &mut Operation) {
    if path.starts_with("/api/fleet/") {
        let lists_all = operation.operation_id.as_deref() == Some("listJobs");
        let product = RefOr::T(product(lists_all));
        operation.parameters.get_or_insert_default().push(product);
    }
    operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
}

fn product(lists_all: bool) -> Parameter {
    let pattern = if lists_all { "^([A-Za-z0-9_-]{1,64}|\\*)$" } else { "^[A-Za-z0-9_-]{1,64}$" };
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    ParameterBuilder::new()
        .name("X-Product-Id")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some("The product."))
        .schema(Some(Schema::from(schema)))
        .build()
}

fn problem() -> Response {
    let text = |of: Type| Header::new(Schema::from(ObjectBuilder::new().schema_type(of)));
    ResponseBuilder::new()
        .description("Why it was not done.")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .header("X-Request-Id", text(Type::String))
        .header("Retry-After", text(Type::Integer))
        .build()
}
