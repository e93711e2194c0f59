"""The argument that most commands about handoffs take."""

from typing import Annotated

import typer

ContractArgument = Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract's reference, such as C-100.")]
