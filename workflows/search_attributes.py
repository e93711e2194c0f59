"""Typed search attributes, declared once; plain text in Temporal, hence references only, no names and no amounts."""

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

ENGAGEMENT = SearchAttributeKey.for_keyword("Engagement")
CUSTOMER = SearchAttributeKey.for_keyword("Customer")
ENTITY = SearchAttributeKey.for_keyword("LegalEntity")
CORRELATION = SearchAttributeKey.for_keyword("CorrelationId")
BUSINESS_STATUS = SearchAttributeKey.for_keyword("BusinessStatus")
EXCEPTION_CODE = SearchAttributeKey.for_keyword("ExceptionCode")

ALL = (ENGAGEMENT, CUSTOMER, ENTITY, CORRELATION, BUSINESS_STATUS, EXCEPTION_CODE)
TYPES = {key.name: "Keyword" for key in ALL}


def of_engagement(engagement: str, correlation: str) -> TypedSearchAttributes:
    """What every workflow of an engagement starts with."""
    return TypedSearchAttributes([SearchAttributePair(ENGAGEMENT, engagement), SearchAttributePair(CORRELATION, correlation)])


def where(*, status: str, code: str = "", customer: str = "", entity: str = "") -> list[SearchAttributeUpdate]:  # type: ignore[type-arg]
    """The updates for a new status, in one history event; an empty code clears the exception."""
    updates: list[SearchAttributeUpdate] = [  # type: ignore[type-arg]
        BUSINESS_STATUS.value_set(status),
        EXCEPTION_CODE.value_set(code) if code else EXCEPTION_CODE.value_unset(),
    ]
    if customer:
        updates.append(CUSTOMER.value_set(customer))
    if entity:
        updates.append(ENTITY.value_set(entity))
    return updates
