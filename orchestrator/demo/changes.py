"""What the demonstration's developers change, merge by merge; each function returns the commit's id."""

from orchestrator.demo.workspace import Workspace

_ORDER = "projects/orders/src/orders/order.py"
_TRAIN = """
[[trains]]
name = "billing"
units = ["orders", "invoices"]
"""


def raise_shipping(workspace: Workspace) -> str:
    """Change one unit."""
    workspace.replace(_ORDER, 'SHIPPING = Decimal("4.90")', 'SHIPPING = Decimal("5.90")')
    return workspace.commit("Raise the price of shipping")


def check_rates(workspace: Workspace) -> str:
    """Change shared code, which one unit depends on."""
    workspace.append("projects/shared/src/billing_rules/vat.py", "\n# Checked against the rates of this year.\n")
    return workspace.commit("Check the VAT rates")


def carry_references(workspace: Workspace) -> str:
    """Change two units that must change together: orders get other references, which invoices carry from now on."""
    workspace.append("orchestrator.toml", _TRAIN)
    workspace.replace("projects/orders/src/orders/reference.py", 'f"ORD-', 'f"SHOP-')
    workspace.replace(
        "projects/invoices/src/invoices/handler.py", "{**invoice,", '{**invoice, "order": event.get("order"),'
    )
    return workspace.commit("Invoice by the shop's references")


def weaken_prod(workspace: Workspace) -> str:
    """Let prod ask nobody, in one merge with a change that somebody would have to approve."""
    workspace.replace("orchestrator.toml", "requires_approval = true", "requires_approval = false")
    workspace.replace(_ORDER, 'SHIPPING = Decimal("5.90")', 'SHIPPING = Decimal("0.00")')
    return workspace.commit("Ship for nothing")


def count_cleverly(workspace: Workspace) -> str:
    """Change one unit so that it works everywhere but in test."""
    workspace.replace(
        _ORDER,
        "return self.quantity * self.unit_price",
        'return (self.quantity + (os.environ.get("ENVIRONMENT") == "test")) * self.unit_price',
    )
    workspace.replace(_ORDER, "from decimal import", "import os\nfrom decimal import")
    return workspace.commit("Count lines in a clever way")
