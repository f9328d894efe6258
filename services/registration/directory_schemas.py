"""Shapes of the directory: libraries, as people fill them in and as the type-ahead shows them."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from services.registration.schemas import Email, Library, Name, Note, Phone, Position, RegionCode
from shared import regions

LibraryKind = Literal["province", "regency", "village", "tbm", "other"]
PartnerStatus = Literal["none", "partner", "self_funded", "champion"]

NPP_SIGNS = 15  # of a library number; others are warned about, never refused

# How wide a region each kind stands in: 1 province, 2 kab/kota, 3 kecamatan, 4 desa/kelurahan.
KIND_LEVELS: dict[str, tuple[int, ...]] = {
    "province": (1,),
    "regency": (2,),
    "village": (4,),
    "tbm": (2, 3, 4),
    "other": (1, 2, 3, 4),
}


def _none_if_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _npp(value: str) -> str:
    return "".join(value.split()).upper()


Optional = BeforeValidator(_none_if_empty)
Npp = Annotated[Note, Field(max_length=30), AfterValidator(_npp)]
Year = Annotated[int, Field(ge=1945, le=2100)]


class LibraryForm(BaseModel):
    """A library of the directory. Its contact is the office's own, as it answers to everybody."""

    name: Library
    kind: LibraryKind
    region_code: RegionCode
    npp: Annotated[Npp | None, Optional] = None
    partner_status: PartnerStatus = "none"
    joined_year: Annotated[Year | None, Optional] = None
    contact_name: Annotated[Note, Field(max_length=120)] = ""
    email: Annotated[Email | None, Optional] = None
    phone: Annotated[Phone | None, Optional] = None

    @model_validator(mode="after")
    def _in_its_place(self) -> Self:
        if regions.get(self.region_code).level not in KIND_LEVELS[self.kind]:
            raise PydanticCustomError("region_level", "not a region for this kind")
        return self


def odd_npp(npp: str | None) -> bool:
    """Whether a library number has another length than such numbers have."""
    return bool(npp) and len(npp or "") != NPP_SIGNS


class PersonForm(BaseModel):
    """Somebody of the directory, as a sheet brings them in. At least one of e-mail and phone."""

    name: Name
    region_code: RegionCode
    position: Annotated[Position | Literal[""], Field()] = ""
    library_name: Annotated[Library | Literal[""], Field()] = ""
    email: Annotated[Email | None, Optional] = None
    phone: Annotated[Phone | None, Optional] = None

    @model_validator(mode="before")
    @classmethod
    def _reachable(cls, values: Any) -> Any:
        if not (values.get("email") or values.get("phone")):
            raise PydanticCustomError("contact", "neither e-mail nor phone")
        return values


class LibraryItem(BaseModel):
    """A library to choose: `label` says where it is."""

    id: UUID
    name: str
    region_code: str
    label: str


class LibraryList(BaseModel):
    """Libraries by name."""

    items: list[LibraryItem]
