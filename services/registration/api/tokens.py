"""Short tokens for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request

from services.registration import api_tokens, sessions
from services.registration.account_schemas import AccessToken
from services.registration.resources import database, limiter
from services.registration.settings import settings
from shared.limits import Limit, client_address
from shared.security import anyone, issue_token

BY_ADDRESS = Limit("token-address", 120, 600)

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"], dependencies=[Depends(anyone)])


@router.post("", responses={401: {"description": "The API token is unknown, over or revoked."}})
def exchange(request: Request, authorization: Annotated[str, Header()] = "") -> AccessToken:
    """An API token (`Authorization: Bearer sjw_...`) for a token that all services take.

    It is good for ten minutes; then ask again. 401 for a token that is unknown, over or revoked.
    """
    limiter.guard(BY_ADDRESS, client_address(request))
    secret = authorization.partition(" ")[2].strip()
    try:
        with database.autocommit() as connection:
            caller = api_tokens.exchange(connection, secret)
    except api_tokens.BadApiToken:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None
    return AccessToken(
        access_token=issue_token(settings().token_private_key, caller, seconds=sessions.TOKEN_S),
        expires_in=sessions.TOKEN_S,
        scope=" ".join(caller.scopes),
    )
